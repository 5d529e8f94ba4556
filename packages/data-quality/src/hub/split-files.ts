import { globMatcher } from '../node/glob-pattern.ts';

/** Words in the names of files or folders that say which split they belong to, as the `datasets` library knows them. */
const KEYWORDS: readonly (readonly [split: string, keywords: string])[] = [
  ['train', 'train|training'],
  ['validation', 'validation|valid|dev|val'],
  ['test', 'test|testing|eval|evaluation'],
];
const SEPARATOR = '[-._ 0-9]';
const NEVER_DATA = new Set(['README.md', 'config.json', 'dataset_info.json', 'dataset_infos.json', 'dummy_data.zip', 'dataset_dict.json']);
const SHARD = /^data\/(\w+(?:\.\w+)*)-\d{5}-of-\d{5}[^/]*\.[^/]*$/;

const isHidden = (part: string): boolean => part.startsWith('.') && !/^\.+$/.test(part);
const isSpecial = (part: string): boolean => part.startsWith('__');

/** Hidden files and folders such as `__pycache__` are data only for a pattern that names as many. */
function isAskedFor(path: string, pattern: string): boolean {
  const parts = path.split('/');
  const asked = pattern.split('/');
  const count = (list: readonly string[], test: (part: string) => boolean): number => list.filter(test).length;
  return count(parts, isHidden) === count(asked, isHidden) && count(parts.slice(0, -1), isSpecial) === count(asked.slice(0, -1), isSpecial);
}

/** The files of a repository that match one of the patterns, in the order of the patterns, then of names. */
export function filesMatching(files: readonly string[], patterns: readonly string[]): string[] {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const matches = globMatcher(pattern, { classes: true });
    const named = pattern.slice(pattern.lastIndexOf('/') + 1);
    for (const file of files) {
      const name = file.slice(file.lastIndexOf('/') + 1);
      if (matches(file) && isAskedFor(file, pattern) && (!NEVER_DATA.has(name) || name === named)) found.add(file);
    }
  }
  return [...found];
}

/**
 * Which split each file of a dataset repository belongs to where its card does not say: by the names of shards in `data/`, else by
 * words in the names of folders, else by words in the names of files; where there are none, all are `train`.
 */
export function splitFiles(files: readonly string[]): Map<string, string[]> {
  const data = files.filter((file) => isAskedFor(file, '') && !NEVER_DATA.has(file.slice(file.lastIndexOf('/') + 1))).sort();
  const splits = new Map<string, string[]>();
  const add = (split: string, file: string): void => {
    const list = splits.get(split);
    if (list) list.push(file);
    else splits.set(split, [file]);
  };
  for (const file of data) {
    const split = SHARD.exec(file)?.[1];
    if (split !== undefined) add(split, file);
  }
  if (splits.size > 0) return splits;
  for (const [split, keywords] of KEYWORDS) {
    const folder = new RegExp(`(?:^|${SEPARATOR})(?:${keywords})(?:$|${SEPARATOR})`);
    for (const file of data) if (file.split('/').slice(0, -1).some((part) => folder.test(part))) add(split, file);
  }
  if (splits.size > 0) return splits;
  for (const [split, keywords] of KEYWORDS) {
    const name = new RegExp(`(?:^|${SEPARATOR})(?:${keywords})${SEPARATOR}`);
    for (const file of data) if (name.test(file.slice(file.lastIndexOf('/') + 1))) add(split, file);
  }
  if (splits.size > 0) return splits;
  return data.length > 0 ? new Map([['train', data]]) : splits;
}
