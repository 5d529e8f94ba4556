import { DataError } from '../data-error.ts';
import { filesMatching, splitFiles } from './split-files.ts';

interface Config {
  readonly name: string;
  readonly isDefault: boolean;
  /** Patterns of each split; undefined where names of files say it. */
  readonly splits: ReadonlyMap<string, readonly string[]> | undefined;
  readonly folder: string | undefined;
}

const MAX_PATTERN = 1000;
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((each) => typeof each === 'string');
const asTexts = (value: unknown): string[] | undefined => (typeof value === 'string' ? [value] : isTexts(value) ? value : undefined);

/** One entry of `configs` in the card of a dataset, which anyone may have written; undefined where it is not of that form. */
function parseConfig(entry: unknown): Config | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { config_name: name, default: isDefault, data_files: data, data_dir: folder } = entry as Record<string, unknown>;
  if (typeof name !== 'string') return undefined;
  const splits = new Map<string, string[]>();
  const plain = asTexts(data);
  if (plain) splits.set('train', plain);
  else if (Array.isArray(data)) {
    for (const each of data as unknown[]) {
      const { split, path } = (each ?? {}) as Record<string, unknown>;
      const patterns = asTexts(path);
      if (typeof split !== 'string' || !patterns) return undefined;
      splits.set(split, patterns);
    }
  } else if (data !== undefined && data !== null) return undefined;
  if ([...splits.values()].flat().some((pattern) => pattern.length > MAX_PATTERN)) return undefined;
  return { name, isDefault: isDefault === true || name === 'default', splits: splits.size > 0 ? splits : undefined, folder: typeof folder === 'string' ? folder : undefined };
}

export interface ChooseFilesOptions {
  /** `configs` of the card. */
  readonly configs: unknown;
  readonly config: string | undefined;
  readonly split: string;
  /** For messages. */
  readonly source: string;
}

/** The files of one split, by the card of the dataset where that names them, else by their names. */
export function chooseFiles(files: readonly string[], { configs, config, split, source: file }: ChooseFilesOptions): string[] {
  const fail = (expected: string, found: string, remedy: string): DataError => new DataError('E_HUB', { problem: `readHubDataset: expected ${expected} but found ${found}`, remedy, file });
  const known = Array.isArray(configs) ? configs.map(parseConfig) : [];
  if (known.includes(undefined)) throw fail('configs of names and files in the card of the dataset', 'others', 'Name the files with path.');
  const all = known as Config[];
  const names = all.map(({ name }) => name);
  if (config !== undefined && !names.includes(config)) throw fail(`a config ${JSON.stringify(config)}`, names.length > 0 ? names.slice(0, 20).join(', ') : 'none in the card of the dataset', 'Name one of these, or the files with path.');
  const chosen = config === undefined ? (all.length === 1 ? all[0] : all.find(({ isDefault }) => isDefault)) : all.find(({ name }) => name === config);
  if (all.length > 0 && !chosen) throw fail('the name of a config', `${names.slice(0, 20).join(', ')} to choose from`, 'Name one of these with config.');
  const folder = (chosen?.folder ?? '').split('/').flatMap((part) => (part === '' || part === '.' ? [] : [`${part}/`])).join('');
  // Names and patterns are those below the folder, as the `datasets` library has it.
  const inside = files.flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : []));
  const splits = chosen?.splits ? new Map([...chosen.splits].map(([name, patterns]) => [name, filesMatching(inside, patterns)])) : splitFiles(inside);
  const found = splits.get(split)?.map((path) => `${folder}${path}`);
  if (!found || found.length === 0) throw fail(`files of the split ${JSON.stringify(split)}`, splits.size > 0 ? `the splits ${[...splits.keys()].slice(0, 20).join(', ')}` : `no data among ${files.length} files`, 'Name a split that there is, or the files with path.');
  return found;
}
