import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Files that hold times, or states of the way to a result: the same result has others. */
const VOLATILE = /^(?:run\.json|stage\.json|metrics\.jsonl(?:\.tmp)?|tensorboard|report\.html|latest|run\.lock.*|step-\d+(?:\..+)?|bad-batch\.json|distillation\.json|result\.json|quality\.json|(?:results|samples)_.*\.jsonl?|README\.md|.*\.tmp-\d+)$/;

/** The SHA-256 of a file, in hexadecimal, without holding it in memory. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** The SHA-256 of each file in a folder, by its path; of a single file under no name. */
export async function hashFiles(path: string, { leaveOut = () => false }: { readonly leaveOut?: (name: string) => boolean } = {}): Promise<Record<string, string>> {
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) return {};
  if (!facts.isDirectory()) return { '': await hashFile(path) };
  const found: Record<string, string> = {};
  const walk = async (folder: string, prefix: string): Promise<void> => {
    for (const entry of (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (leaveOut(entry.name)) continue;
      if (entry.isDirectory()) await walk(join(folder, entry.name), `${prefix}${entry.name}/`);
      else if (entry.isFile()) found[`${prefix}${entry.name}`] = await hashFile(join(folder, entry.name));
    }
  };
  await walk(path, '');
  return found;
}

/** The same of a result, without what changes from one time to the next. */
export const hashResult = (path: string): Promise<Record<string, string>> => hashFiles(path, { leaveOut: (name) => VOLATILE.test(name) });

/** The hash of something that a step is made from: of a run only what it left, of anything else all. */
export async function hashInput(path: string): Promise<string> {
  const isRun = ['run.json', 'stage.json'].some((name) => existsSync(join(path, name)));
  return hashOf(await (isRun ? hashResult : hashFiles)(path));
}

/** One hash for many, independent of the order of keys. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(sorted(value))).digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]));
}
