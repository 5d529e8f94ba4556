import { readFile } from 'node:fs/promises';
import { DataError } from '../data-error.ts';
import type { ByteSource } from '../parquet/byte-source.ts';
import { asTokens, LLMC_HEADER_BYTES, readDatatroveIndex, readDatatroveMetadata, readLlmcHeader, tokensFault, type TokenArray, type TokenBytes } from '../tokenized/token-format.ts';
import { openRegularFile, rangesOf } from './open-regular-file.ts';

export interface ReadTokenShardsOptions {
  /** Where documents begin, or end, in llm.c's files, which do not say it: at this token, which belongs to the document. Without both such a file is one document. */
  readonly bos?: number;
  readonly eos?: number;
  /** Bytes for each token of a `.ds` without a `.ds.metadata` beside it. */
  readonly tokenBytes?: TokenBytes;
  readonly signal?: AbortSignal;
}

const CHUNK_TOKENS = 512 * 1024;

const beside = (file: string): Promise<Uint8Array | undefined> =>
  readFile(file).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  });

/** Runs of tokens that end at `ends`, read in chunks of many documents. */
async function* byEnds(source: ByteSource, { ends, bytesEach }: { ends: Float64Array; bytesEach: TokenBytes }): AsyncGenerator<TokenArray> {
  let start = 0;
  for (let first = 0; first < ends.length; ) {
    let last = first;
    while (last + 1 < ends.length && (ends[last + 1] as number) - start <= CHUNK_TOKENS) last++;
    const end = ends[last] as number;
    const tokens = asTokens(new Uint8Array(await source.slice(start * bytesEach, end * bytesEach)), bytesEach);
    for (let from = start; first <= last; first++) {
      const to = ends[first] as number;
      yield tokens.slice(from - start, to - start);
      from = to;
    }
    start = end;
  }
}

/** Runs of tokens that begin with `bos` or end with `eos`. */
async function* byTokens(source: ByteSource, { tokens: count, bytesEach, bos, eos }: { tokens: number; bytesEach: TokenBytes; bos: number | undefined; eos: number | undefined }): AsyncGenerator<TokenArray> {
  const Kind = bytesEach === 2 ? Uint16Array : Uint32Array;
  let held: TokenArray[] = [];
  const take = (last: TokenArray): TokenArray => {
    const parts = last.length > 0 ? [...held, last] : held;
    held = [];
    if (parts.length === 1) return (parts[0] as TokenArray).slice();
    const all = new Kind(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  for (let start = 0; start < count; start += CHUNK_TOKENS) {
    const end = Math.min(count, start + CHUNK_TOKENS);
    const chunk = asTokens(new Uint8Array(await source.slice(LLMC_HEADER_BYTES + start * bytesEach, LLMC_HEADER_BYTES + end * bytesEach)), bytesEach);
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      if (chunk[i] === bos && (i > from || held.length > 0)) {
        yield take(chunk.subarray(from, i));
        from = i;
      }
      if (chunk[i] === eos) {
        yield take(chunk.subarray(from, i + 1));
        from = i + 1;
      }
    }
    if (from < chunk.length) held.push(chunk.subarray(from));
  }
  if (held.length > 0) yield take(new Kind(0));
}

/**
 * The documents of shards of tokens, as typed arrays of 16 or 32 bits: datatrove's `.ds`, by the `.ds.index` beside it, and llm.c's
 * `.bin`, cut at `bos` or `eos`. What `packDocuments` of @llm/pretrain packs into rows. Memory is a chunk and one document.
 *
 * Throws DataError with the file: E_TOKENS where header, index or metadata do not go with the tokens or are missing, E_FORMAT for
 * another ending, E_NOT_FOUND, E_NOT_A_FILE, E_UNREADABLE.
 *
 * @example
 * ```ts no-run
 * import { readTokenShards } from '@llm/data-quality/node';
 * for await (const ids of readTokenShards(['shards/tokens_00000.ds'])) console.log(ids.length);
 * ```
 */
export async function* readTokenShards(files: readonly string[], { bos, eos, tokenBytes, signal }: ReadTokenShardsOptions = {}): AsyncGenerator<TokenArray> {
  for (const file of files) {
    if (!/\.(?:ds|bin)$/.test(file)) throw new DataError('E_FORMAT', { problem: 'readTokenShards: expected a file of tokens that ends in .ds or .bin but found another', remedy: 'Write the documents with writeTokenShards.', file });
    signal?.throwIfAborted();
    const handle = await openRegularFile(file, { followSymlinks: true, maxFileBytes: Infinity });
    try {
      const source = await rangesOf(handle, { file, signal });
      const size = source.byteLength;
      if (file.endsWith('.bin')) {
        const header = new Uint8Array(await source.slice(0, Math.min(size, LLMC_HEADER_BYTES)));
        yield* byTokens(source, { ...readLlmcHeader(header, { size, file }), bos, eos });
        continue;
      }
      const [index, metadata] = await Promise.all([beside(`${file}.index`), beside(`${file}.metadata`)]);
      if (!index) throw tokensFault('none', { file: `${file}.index`, expected: 'an index beside the shard' });
      const bytesEach = metadata ? readDatatroveMetadata(new TextDecoder().decode(metadata), `${file}.metadata`) : tokenBytes;
      if (bytesEach === undefined) throw tokensFault('none', { file: `${file}.metadata`, expected: 'metadata beside the shard, or tokenBytes,' });
      if (size % bytesEach !== 0) throw tokensFault(`${size} bytes`, { file, expected: `tokens of ${bytesEach} bytes` });
      yield* byEnds(source, { ends: readDatatroveIndex(index, { tokens: size / bytesEach, file: `${file}.index` }), bytesEach });
    } finally {
      await handle.close();
    }
  }
}
