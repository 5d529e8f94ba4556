import { lstat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { endingOf } from './documents-of.ts';
import { folderOfPattern, globMatcher, isPattern } from './glob-pattern.ts';
import { wayInto } from './is-within.ts';
import { walkFiles } from './walk-files.ts';

/** What is read out of folders unless `include` says otherwise: prose, Markdown, JSON Lines and source text. */
export const DEFAULT_EXTENSIONS: readonly string[] = [
  '.txt', '.text', '.rst', '.adoc', '.md', '.markdown', '.mdx', '.jsonl', '.ndjson',
  '.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx', '.py', '.rs', '.go', '.java', '.kt', '.swift', '.c', '.h', '.cc', '.cpp', '.hpp', '.cs', '.rb', '.php', '.sh', '.sql',
];

/** What of folders is read. */
export interface Selection {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

export interface FindFilesOptions extends Selection {
  readonly followSymlinks: boolean;
  readonly skipUnreadable: boolean;
  readonly onSkip: (reason: string, path: string) => void;
  readonly signal: AbortSignal | undefined;
}

export interface FoundInput {
  readonly path: string;
  /** The folder that holds what was named, below which documents have their names. */
  readonly folder: string;
  /** By itself or by a pattern, not met in a folder. */
  readonly isNamed: boolean;
}

/** Endings with their dot, in lower case. */
export const extensionsOf = (include: readonly string[] = DEFAULT_EXTENSIONS): ReadonlySet<string> => new Set(include.map((each) => (each.startsWith('.') ? each : `.${each}`).toLowerCase()));

function excludesOf(exclude: readonly string[] | undefined): (path: string, name: string) => boolean {
  const excluded = new Set(exclude);
  return exclude ? (_, name) => excluded.has(name) : (_, name) => name === 'node_modules' || name.startsWith('.');
}

/** Where to look for what a path stands for. A path with wildcards that is the name of a file stands for that. */
async function startOf(path: string): Promise<{ root: string; folder: string; pattern: ((path: string) => boolean) | undefined }> {
  const pattern = isPattern(path) && !(await lstat(path).catch(() => undefined)) ? globMatcher(path.split(sep).join('/')) : undefined;
  const root = pattern ? folderOfPattern(path) : path;
  return { root, folder: pattern ? root : dirname(resolve(path)), pattern };
}

/** The files that a path stands for: itself, what matches it, or what is selected of a folder. */
export async function* findFiles(start: string, { include, exclude, onSkip, ...walk }: FindFilesOptions): AsyncGenerator<FoundInput> {
  const wanted = extensionsOf(include);
  const { root, folder, pattern } = await startOf(start);
  for await (const { path, named } of walkFiles(root, { ...walk, excludes: excludesOf(exclude), onSkip })) {
    if (pattern && !pattern(path.split(sep).join('/'))) continue;
    const isNamed = named || pattern !== undefined;
    if (isNamed || wanted.has(endingOf(path).extension)) yield { path, folder, isNamed };
    else onSkip('other file type', path);
  }
}

/**
 * Whether `readDocuments` would come upon a file in a path, a file, a folder or a pattern, were it there: the test for a place to write to.
 *
 * @example
 * ```ts
 * import { wouldFind } from '@llm/data-quality/node';
 * console.assert(await wouldFind('data', 'data/out.jsonl') && !(await wouldFind('data', 'data/out.html')) && !(await wouldFind('data/*.txt', 'data/out.jsonl')));
 * ```
 */
export async function wouldFind(start: string, file: string, { include, exclude }: Selection = {}): Promise<boolean> {
  const { root, pattern } = await startOf(start);
  const way = wayInto(root, file);
  if (way === undefined) return false;
  if (way === '') return true;
  const excludes = excludesOf(exclude);
  if (way.split(sep).some((name) => excludes(name, name))) return false;
  return pattern ? pattern(join(root, way).split(sep).join('/')) : extensionsOf(include).has(endingOf(way).extension);
}
