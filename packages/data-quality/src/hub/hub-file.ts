import { DataError } from '../data-error.ts';
import type { ByteSource } from '../parquet/byte-source.ts';
import { sleep } from '../sleep.ts';
import { backOff, hubFetch, type HubAccess } from './hub-fetch.ts';

export interface HubFile {
  readonly size: number;
  /** All of it, from the start; a broken connection is taken up again where it broke. */
  stream(): AsyncIterable<Uint8Array>;
  ranges(): Promise<ByteSource>;
}

export interface HubFileOptions {
  /** Of the dataset, `owner/name`. */
  readonly dataset: string;
  readonly path: string;
  readonly revision: string;
  /** For messages. */
  readonly source: string;
  readonly signal: AbortSignal | undefined;
}

/** A file of a dataset repository, behind range requests. */
export async function openHubFile(access: HubAccess, { dataset, path, revision, source, signal }: HubFileOptions): Promise<HubFile> {
  const { accessToken, hubUrl, retries = 5, retryMilliseconds = 500 } = access;
  const { downloadFile } = await import('@huggingface/hub');
  const request = hubFetch(access, { what: source, signal });
  // The library's streams keep no more of an error than its text.
  let refused: DataError | undefined;
  const blob = await downloadFile({
    repo: { type: 'dataset', name: dataset }, path: path.split('/').map(encodeURIComponent).join('/'), revision, xet: false,
    fetch: (input, init) => request(input, init).catch((error: unknown) => {
      if (error instanceof DataError) refused = error;
      throw error;
    }),
    ...(accessToken === undefined ? {} : { accessToken }), ...(hubUrl === undefined ? {} : { hubUrl }),
  });
  if (!blob) throw new DataError('E_NOT_FOUND', { problem: 'readHubDataset: expected a file but found none', remedy: 'Check the path and the revision.', file: source });
  const { size } = blob;

  /** What to do when bytes stop coming although requests succeed: wait, or give up. */
  const pause = async (attempt: number, cause: unknown): Promise<void> => {
    signal?.throwIfAborted();
    if (refused) throw refused;
    if (attempt >= retries) throw new DataError('E_HUB', { problem: `readHubDataset: expected ${size} bytes but found a connection that broke ${attempt + 1} times at the same place`, remedy: 'Check the network, or raise retries.', file: source, cause });
    await sleep(backOff(attempt, retryMilliseconds), signal);
  };

  return {
    size,
    async *stream() {
      let attempt = 0;
      for (let at = 0; at < size; ) {
        let cause: unknown;
        // A reader by hand: a stream that is left early must be cancelled for the connection to close.
        const reader = blob.slice(at, size).stream().getReader();
        try {
          for (let next = await reader.read(); !next.done; next = await reader.read()) {
            at += next.value.length;
            attempt = 0;
            yield next.value;
          }
        } catch (error) {
          cause = error;
        } finally {
          await reader.cancel().catch(() => undefined);
        }
        if (at < size) await pause(attempt++, cause);
      }
    },
    ranges: () => Promise.resolve({
      byteLength: size,
      slice: async (start: number, end: number) => {
        for (let attempt = 0; ; attempt++) {
          let cause: unknown;
          try {
            const bytes = await blob.slice(start, end).arrayBuffer();
            if (bytes.byteLength === end - start) return bytes;
          } catch (error) {
            cause = error;
          }
          await pause(attempt, cause);
        }
      },
    }),
  };
}
