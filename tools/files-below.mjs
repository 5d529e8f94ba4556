import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of the files below a folder whose names match, in one order everywhere; links are not followed. */
export function* filesBelow(folder, name) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path, name);
    else if (entry.isFile() && name.test(entry.name)) yield path;
  }
}
