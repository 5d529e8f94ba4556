import { relative, resolve, sep } from 'node:path';
import { DataError } from '../data-error.ts';
import type { HubAccess } from '../hub/hub-fetch.ts';
import { parseHubPath, readHubDataset } from '../hub/read-hub-dataset.ts';
import type { Ledger } from '../ledger.ts';
import type { Document } from '../types.ts';
import { documentsOf, endingOf, refusedEnding } from './documents-of.ts';
import { extensionsOf, findFiles } from './find-files.ts';
import { chunksOf, openRegularFile, rangesOf } from './open-regular-file.ts';

export interface ReadDocumentsOptions {
  /** File name endings to read out of folders, also with `.gz` or `.zst` after them. Default `DEFAULT_EXTENSIONS`. Named files are read whatever their ending. */
  readonly include?: readonly string[];
  /** Names of files and folders to pass over in folders. Default `node_modules` and whatever starts with a dot. */
  readonly exclude?: readonly string[];
  /** Largest file, as it lies on the disk. Default 64 GiB. */
  readonly maxFileBytes?: number;
  /** Most bytes to get out of one `.gz` or `.zst`. Default 16 GiB. */
  readonly maxUnzippedBytes?: number;
  /** A longer text is split between two lines; a longer line of JSON Lines, record of CSV or JSON, or text of Parquet is an error. Default 16 MiB. */
  readonly maxDocumentBytes?: number;
  /** Follow symbolic links, named or met. Off, a named one is an error and one met in a folder is skipped and counted. */
  readonly followSymlinks?: boolean;
  /** Count what cannot be opened in the ledger instead of throwing E_UNREADABLE. */
  readonly skipUnreadable?: boolean;
  /** Bad lines of JSON Lines, records of CSV or JSON or rows of Parquet passed over in each file before one throws. Default 0. */
  readonly skipBad?: number;
  /** Field of JSON, or column of CSV or Parquet, that holds the text. Default `text`. */
  readonly textField?: string;
  /** Columns of Parquet to put in `meta`; nothing else is read of the files. Default all. */
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
  /** Told of everything that was passed over. */
  readonly ledger?: Ledger;
  /** Ids are paths below this folder. Default: the folder that holds each named path. */
  readonly root?: string;
  /** Access to the Hub, and what to read there, for paths such as `hf://datasets/owner/name@revision/folder`. */
  readonly hub?: HubAccess & { readonly split?: string; readonly config?: string };
}

/**
 * Documents of files and folders, one at a time: text and source files whole, Markdown without front matter and comments,
 * JSON Lines a line each; where they are named or in `include`, CSV, TSV and arrays of JSON a record each, Parquet a row each. Any
 * but Parquet, which is read in ranges, also in gzip, and in zstd where Node has it. Folders are walked in an order that depends on names only. A path with `*`, `?`, `**` or `{a,b}` in it that is
 * no file stands for all files that it matches; `hf://datasets/owner/name`, with `@revision` and a path after it, is what `readHubDataset` reads. Memory is one document whatever the size of the data.
 *
 * Throws DataError with the file, and the line where there is one: E_NOT_FOUND, E_NOT_A_FILE for links, devices, pipes and
 * sockets that are named (those met in a folder are skipped and counted), E_UNREADABLE, E_FORMAT, E_FILE_TOO_LARGE,
 * E_EMPTY where there was nothing to read at all, and what `readText`, `readJsonl`, `readCsv`, `readJson`,
 * `readParquet`, `gunzip` and `unzstd` throw.
 *
 * @example
 * ```ts no-run
 * import { readDocuments } from '@llm/data-quality/node';
 * for await (const { id, text } of readDocuments(['docs', 'notes.jsonl.gz'])) console.log(id, text.length);
 * ```
 */
export async function* readDocuments(paths: readonly string[], options: ReadDocumentsOptions = {}): AsyncGenerator<Document> {
  const {
    include,
    exclude,
    maxFileBytes = 64 * 1024 ** 3,
    maxUnzippedBytes = 16 * 1024 ** 3,
    maxDocumentBytes = 16 * 1024 ** 2,
    followSymlinks = false,
    skipUnreadable = false,
    skipBad = 0,
    textField = 'text',
    columns,
    signal,
    ledger,
    root,
    hub,
  } = options;
  if (!Array.isArray(paths)) throw new TypeError(`readDocuments: expected a list of paths but found ${typeof paths}. Put the path in square brackets.`);

  const skipped = new Map<string, number>();
  const onSkip = (reason: string, path: string): void => {
    skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
    ledger?.skippedInput(reason, path);
  };

  const reading = { textField, skipBad, maxDocumentBytes, maxUnzippedBytes, columns, signal };
  let files = 0;
  let documents = 0;
  for (const start of paths) {
    const remote = parseHubPath(start);
    if (remote) {
      const { dataset, ...where } = remote;
      for await (const document of readHubDataset(dataset, { ...hub, ...where, textField, skipBad, maxDocumentBytes, maxUnzippedBytes, onSkip, ...(columns ? { columns } : {}), ...(signal ? { signal } : {}) })) {
        documents++;
        yield document;
      }
      continue;
    }
    for await (const { path, folder, isNamed } of findFiles(start, { include, exclude, followSymlinks, onSkip, signal, skipUnreadable })) {
      const refused = isNamed ? refusedEnding(endingOf(path)) : undefined;
      if (refused) throw new DataError('E_FORMAT', { problem: `readDocuments: expected text, Markdown, JSON, CSV, Parquet or source text but found ${refused.found}`, remedy: refused.remedy, file: path });
      signal?.throwIfAborted();
      let handle;
      try {
        handle = await openRegularFile(path, { followSymlinks, maxFileBytes });
      } catch (error) {
        if (!(skipUnreadable && error instanceof DataError && error.code === 'E_UNREADABLE')) throw error;
        onSkip(error.code, path);
        continue;
      }
      files++;
      const source = relative(resolve(root ?? folder), resolve(path)).split(sep).join('/');
      const data = { stream: () => chunksOf(handle, { file: path, signal }), ranges: () => rangesOf(handle, { file: path, signal }) };
      let count = 0;
      try {
        for await (const document of documentsOf(path, data, { ...reading, source, onBad: (error) => onSkip(error.code, `${source}:${error.line}`) })) {
          count++;
          yield document;
        }
      } finally {
        await handle.close();
      }
      if (count === 0) onSkip('empty file', path);
      documents += count;
    }
  }
  if (documents === 0) {
    const wanted = extensionsOf(include);
    const looked = paths.length === 0 ? 'no path was given' : `looked in ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ', …' : ''} for ${[...wanted].slice(0, 12).join(' ')}${wanted.size > 12 ? ' …' : ''}`;
    const saw = [...skipped].map(([reason, times]) => `${times} × ${reason}`).join(', ');
    throw new DataError('E_EMPTY', { problem: `readDocuments: expected at least one document but found none: ${looked}, read ${files} files${saw === '' ? '' : `, passed over ${saw}`}`, remedy: 'Check the paths, or name further file types with include.' });
  }
}
