import { badRecords, type BadRecordOptions } from '../bad-records.ts';
import { DataError } from '../data-error.ts';
import { documentsOf, endingOf, RECORD_EXTENSIONS } from '../node/documents-of.ts';
import { isPattern } from '../node/glob-pattern.ts';
import type { Document } from '../types.ts';
import { chooseFiles } from './hub-configs.ts';
import { DEFAULT_HUB_URL, hubFetch, type HubAccess } from './hub-fetch.ts';
import { openHubFile } from './hub-file.ts';
import { filesMatching } from './split-files.ts';

export interface ReadHubDatasetOptions extends HubAccess, BadRecordOptions {
  /** Default `train`. */
  readonly split?: string;
  /** One of the `configs` in the card of the dataset. Default the one there is, or the one that is marked. */
  readonly config?: string;
  /** A branch, a tag or a commit. Default the newest commit of the main branch; the whole run reads one commit. */
  readonly revision?: string;
  /** A file, a folder or a pattern in the repository, in place of `split` and `config`. */
  readonly path?: string;
  /** Default `text`. */
  readonly textField?: string;
  /** Columns of Parquet to put in `meta`; nothing else is read of the files. Default all. */
  readonly columns?: readonly string[];
  /** Longest record or text. Default 16 MiB. */
  readonly maxDocumentBytes?: number;
  /** Most bytes to get out of one `.gz` or `.zst`. Default 16 GiB. */
  readonly maxUnzippedBytes?: number;
  /** Most files of the repository to list. Default 100 000. */
  readonly maxFiles?: number;
  /** Told of files of the split that are no data. */
  readonly onSkip?: (reason: string, path: string) => void;
  readonly signal?: AbortSignal;
}

const TEXT_EXTENSIONS = ['.txt', '.text', '.md', '.markdown'];
const READABLE = [...RECORD_EXTENSIONS, ...TEXT_EXTENSIONS];

/** The parts of `hf://datasets/owner/name@revision/path`; undefined for any other path. */
export function parseHubPath(path: string): { dataset: string; revision?: string; path?: string } | undefined {
  if (!path.startsWith('hf://')) return undefined;
  const found = /^hf:\/\/datasets\/([^/@]+\/[^/@]+)(?:@(refs\/(?:convert\/[\w-]+|pr\/\d+)|[^/]+))?(?:\/(.*))?$/.exec(path);
  if (!found) throw new DataError('E_HUB', { problem: 'readHubDataset: expected hf://datasets/owner/name, with @revision or a path after it, but found another address', remedy: 'Only datasets can be read.', file: path });
  const [, dataset, revision, inside] = found;
  return { dataset: dataset as string, ...(revision === undefined ? {} : { revision: decodeURIComponent(revision) }), ...(inside ? { path: inside } : {}) };
}

/** Of files of several formats those of the commonest, which the others go with: a licence, a list of pictures. */
function ofOneFormat(files: readonly string[], { onSkip, source }: { onSkip: ((reason: string, path: string) => void) | undefined; source: string }): string[] {
  const counts = new Map<string, number>();
  for (const file of files) {
    const { extension } = endingOf(file);
    if (READABLE.includes(extension)) counts.set(extension, (counts.get(extension) ?? 0) + 1);
  }
  const most = Math.max(...counts.values());
  const chosen = READABLE.find((extension) => counts.get(extension) === most);
  if (chosen === undefined) {
    throw new DataError('E_FORMAT', { problem: `readHubDataset: expected files of ${READABLE.join(' ')} but found ${[...new Set(files.map((file) => endingOf(file).extension || 'no ending'))].slice(0, 8).join(' ')}`, remedy: 'Read the Parquet files that the Hub has made of it: revision refs/convert/parquet.', file: source });
  }
  return files.filter((file) => {
    if (endingOf(file).extension === chosen) return true;
    onSkip?.('other file type', file);
    return false;
  });
}

/**
 * Documents of a dataset on the Hugging Face Hub, by its name: Parquet, JSON Lines, JSON, CSV, TSV and text, also in gzip and zstd. The
 * files of a split are those that the card of the dataset names, else those that the `datasets` library finds by names of files
 * and folders. Parquet is read in ranges, the rest as a stream; nothing is kept on the disk, memory is one document or row group.
 *
 * Requests are tried again after 408, 429 (as long after as it says) and 5xx, and a broken connection is taken up where it broke.
 * Throws DataError: E_HUB_ACCESS for 401, 403 and gated datasets, E_NOT_FOUND, E_HUB for what does not pass, for a split or
 * config that is not there and a repository of over `maxFiles` files, E_FORMAT, E_EMPTY, and what the readers throw.
 *
 * @example
 * ```ts no-run
 * import { readHubDataset } from '@llm/data-quality/node';
 * for await (const { id, text } of readHubDataset('owner/name', { split: 'train' })) console.log(id, text.length);
 * ```
 */
export async function* readHubDataset(dataset: string, options: ReadHubDatasetOptions = {}): AsyncGenerator<Document> {
  const { split = 'train', config, revision, path, textField = 'text', columns, maxDocumentBytes = 16 * 1024 ** 2, maxUnzippedBytes = 16 * 1024 ** 3, maxFiles = 100_000, onSkip, signal, accessToken, hubUrl = DEFAULT_HUB_URL } = options;
  badRecords('readHubDataset', options);
  if (!/^[\w.-]+\/[\w.-]+$/.test(dataset) || /(?:^|\/)\.{1,2}(?:\/|$)/.test(dataset)) throw new RangeError(`readHubDataset: expected a dataset as owner/name but found ${JSON.stringify(dataset)}.`);
  // Not in the message: it may be a token all the same.
  if (accessToken !== undefined && !accessToken.startsWith('hf_')) throw new RangeError('readHubDataset: expected an accessToken that starts with hf_ but found another. Make one in the settings of your account on the Hub.');
  const source = `hf://datasets/${dataset}`;
  const { datasetInfo, listFiles } = await import('@huggingface/hub');
  const shared = { hubUrl, fetch: hubFetch(options, { what: source, signal }), ...(accessToken === undefined ? {} : { accessToken }) };
  const asked = async <T>(request: () => Promise<T>): Promise<T> => {
    try {
      return await request();
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof DataError) throw cause;
      throw new DataError('E_HUB', { problem: 'readHubDataset: expected an answer of the Hub but found another', remedy: 'Check hubUrl.', file: source, cause });
    }
  };

  const { sha, cardData } = await asked(() => datasetInfo({ ...shared, name: dataset, additionalFields: ['sha', 'cardData'], ...(revision === undefined ? {} : { revision }) }));
  if (typeof sha !== 'string' || !/^[0-9a-f]{7,64}$/.test(sha)) throw new DataError('E_HUB', { problem: 'readHubDataset: expected the commit of the dataset but found none', remedy: 'Check hubUrl.', file: source });
  const files = await asked(async () => {
    const found: string[] = [];
    for await (const { type, path: file } of listFiles({ ...shared, repo: { type: 'dataset', name: dataset }, revision: sha, recursive: true })) {
      if (type !== 'file') continue;
      found.push(file);
      if (found.length > maxFiles) throw new DataError('E_HUB', { problem: `readHubDataset: expected a repository of at most ${maxFiles} files but found more`, remedy: 'Raise maxFiles.', file: source });
    }
    return found.sort();
  });
  const below = path?.replace(/^\/+|\/+$/g, '');
  const wanted = below === undefined || below === '' ? chooseFiles(files, { configs: cardData?.configs, config, split, source }) : files.includes(below) ? [below] : isPattern(below) ? filesMatching(files, [below]) : filesMatching(files, [`${below}/**`]);
  if (wanted.length === 0) throw new DataError('E_NOT_FOUND', { problem: `readHubDataset: expected files at ${JSON.stringify(below)} but found none among ${files.length}`, remedy: 'Check the path and the revision.', file: source });

  let documents = 0;
  for (const each of ofOneFormat(wanted, { onSkip, source })) {
    signal?.throwIfAborted();
    const name = `${source}/${each}`;
    const file = await asked(() => openHubFile(options, { dataset, path: each, revision: sha, source: name, signal }));
    const onBad = (error: DataError): void => {
      onSkip?.(error.code, `${name}:${error.line}`);
      options.onBad?.(error);
    };
    for await (const document of documentsOf(each, file, { source: name, textField, columns, maxDocumentBytes, maxUnzippedBytes, signal, onBad, skipBad: options.skipBad ?? 0 })) {
      documents++;
      yield document;
    }
  }
  if (documents === 0) throw new DataError('E_EMPTY', { problem: 'readHubDataset: expected at least one document but found none', remedy: 'Check the split.', file: source });
}
