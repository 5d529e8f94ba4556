import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { DataError } from '../../data-error.ts';
import type { Ledger } from '../../ledger.ts';
import { readJsonl } from '../../read-jsonl.ts';
import { readText } from '../../read-text.ts';
import type { Document } from '../../types.ts';
import { chunksOf, openRegularFile } from '../open-regular-file.ts';
import { readDocuments } from '../read-documents.ts';
import { isHubPath, type ReadOptions, type ShardPart } from './plan-shards.ts';

export interface ReadPartOptions {
  readonly read: ReadOptions;
  readonly ledger: Ledger;
  readonly signal: AbortSignal | undefined;
  /** Told of each bad line of a file that was cut; `skipBad` is held against the sum over its parts later. */
  readonly onBad: () => void;
}

/**
 * The documents of a part. Those of a file that was cut, and that have no id of their own, are called by where their part begins
 * and their line in it: `big.jsonl@67109120:3`.
 */
export async function* readPart(part: ShardPart, { read, ledger, signal, onBad }: ReadPartOptions): AsyncGenerator<Document> {
  const { path, source, size, modified, start, end } = part;
  const { exclude: _, include: __, ...options } = read;
  if (isHubPath(path)) {
    const { HF_TOKEN: accessToken, HF_ENDPOINT: hubUrl } = process.env;
    // Out of the environment, where the Hub's own tools have it: what is in the plan can be read by anybody.
    yield* readDocuments([path], { ...options, ledger, hub: { ...(accessToken ? { accessToken } : {}), ...(hubUrl ? { hubUrl } : {}) }, ...(signal ? { signal } : {}) });
    return;
  }
  const facts = await stat(path).catch(() => undefined);
  if (facts?.size !== size || facts.mtimeMs !== modified) {
    throw new DataError('E_CHANGED', { problem: 'runShards: expected the file of the plan but found it changed or gone', remedy: 'Run again when nothing writes to it.', file: path });
  }
  if (start === undefined || end === undefined) {
    // Its folder: the path without what documents call it.
    const root = path.slice(0, resolve(path).length - source.length);
    try {
      yield* readDocuments([path], { ...options, root, ledger, ...(signal ? { signal } : {}) });
    } catch (error) {
      // Counted in the ledger; other files have documents.
      if (!(error instanceof DataError && error.code === 'E_EMPTY')) throw error;
    }
    return;
  }
  const { textField, skipBad, maxDocumentBytes } = read;
  const handle = await openRegularFile(path, { followSymlinks: false, maxFileBytes: Infinity });
  const bytes = chunksOf(handle, { file: path, signal, range: { start, end } });
  const label = start === 0 ? source : `${source}@${start}`;
  const isJson = ['.jsonl', '.ndjson'].includes(extname(path).toLowerCase());
  const documents = isJson
    ? readJsonl(bytes, {
        source: label, allowEmpty: true, onBad: (error) => { ledger.skippedInput(error.code, `${label}:${error.line}`); onBad(); },
        ...(textField === undefined ? {} : { textField }), ...(skipBad === undefined ? {} : { skipBad }), ...(maxDocumentBytes === undefined ? {} : { maxLineBytes: maxDocumentBytes }),
      })
    : readText(bytes, { source: label, ...(maxDocumentBytes === undefined ? {} : { maxDocumentBytes }) });
  for await (const document of documents) yield { ...document, source };
}
