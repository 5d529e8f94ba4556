import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { DataError } from '../data-error.ts';

export interface DocumentationFilesOptions {
  /** File name endings. Default `.md` and `.d.ts`. */
  readonly endings?: readonly string[];
  readonly signal?: AbortSignal;
}

const byUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Folders directly below, links included, `@scope` folders opened up; not an error where there is no such folder. */
async function packagesIn(modules: string): Promise<{ name: string; path: string }[]> {
  const found: { name: string; path: string }[] = [];
  for (const entry of await readdir(modules, { withFileTypes: true }).catch(() => [])) {
    if (entry.name.startsWith('.') || !(entry.isDirectory() || entry.isSymbolicLink())) continue;
    const path = join(modules, entry.name);
    if (!entry.name.startsWith('@')) found.push({ name: entry.name, path });
    else for (const inner of await readdir(path, { withFileTypes: true }).catch(() => [])) if (inner.isDirectory() || inner.isSymbolicLink()) found.push({ name: `${entry.name}/${inner.name}`, path: join(path, inner.name) });
  }
  return found;
}

async function versionOf(folder: string): Promise<string | undefined> {
  try {
    const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { name?: unknown; version?: unknown };
    return typeof name === 'string' && typeof version === 'string' ? `${name}@${version}` : undefined;
  } catch {
    return undefined;
  }
}

async function* filesIn(folder: string, endings: readonly string[]): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => byUnit(a.name, b.name))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules') yield* filesIn(path, endings);
    else if (entry.isFile() && endings.some((ending) => entry.name.endsWith(ending))) yield path;
  }
}

/**
 * Paths of the documentation that installed packages bring along: `*.md` and `*.d.ts` below the `node_modules` of a project,
 * sorted by package name, then version, then path. Works with npm's layout and with pnpm's (`node_modules/.pnpm`); each
 * version of a package is visited once, however often it is linked or installed, and the project's own workspace packages,
 * which are links to folders outside `node_modules`, are left out.
 *
 * `root` is the project folder or its `node_modules`. Throws DataError E_NOT_FOUND where there is none.
 *
 * @example
 * ```ts no-run
 * import { documentationFiles } from '@llm/data-quality/node';
 * for await (const path of documentationFiles('.')) console.log(path);
 * ```
 */
export async function* documentationFiles(root: string, { endings = ['.md', '.d.ts'], signal }: DocumentationFilesOptions = {}): AsyncGenerator<string> {
  const asked = basename(root) === 'node_modules' ? root : join(root, 'node_modules');
  const modules = await realpath(asked).catch((cause: unknown) => {
    throw new DataError('E_NOT_FOUND', { problem: 'documentationFiles: expected a node_modules folder but found none', remedy: 'Install the dependencies of the project first.', file: asked, cause });
  });

  const folders = new Map<string, string>();
  const waiting = [modules];
  const store = join(modules, '.pnpm');
  for (const entry of await readdir(store).catch(() => [])) {
    // A workspace package that pnpm copied instead of linking.
    if (!entry.includes('@file+')) waiting.push(join(store, entry, 'node_modules'));
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    signal?.throwIfAborted();
    for (const { name, path } of await packagesIn(next)) {
      const real = await realpath(path).catch(() => undefined);
      // Below another node_modules is a store shared between projects; anywhere else is the project's own code.
      if (real === undefined || folders.has(real) || !(real.startsWith(modules + sep) || `${real}${sep}`.includes(`${sep}node_modules${sep}`)) || real.includes('@file+')) continue;
      folders.set(real, name);
      waiting.push(join(real, 'node_modules'));
    }
  }

  const packages = await Promise.all([...folders].map(async ([folder, name]) => ({ folder, key: (await versionOf(folder)) ?? `${name}@${folder}` })));
  packages.sort((a, b) => byUnit(a.key, b.key) || byUnit(a.folder, b.folder));
  let last = '';
  for (const { folder, key } of packages) {
    if (key === last) continue;
    last = key;
    signal?.throwIfAborted();
    yield* filesIn(folder, endings);
  }
}
