import { asTokens, LLMC_HEADER_BYTES, readDatatroveIndex, readDatatroveMetadata, readLlmcHeader, tokensFault, type TokenArray, type TokenBytes } from './token-format.ts';

export interface TokenShardFiles {
  /** The `.ds` or `.bin`. */
  readonly tokens: Uint8Array;
  /** The `.ds.index` and `.ds.metadata` beside a `.ds`. */
  readonly index?: Uint8Array;
  readonly metadata?: string;
}

export interface TokenShard {
  readonly tokens: TokenArray;
  /** Where each document ends, in tokens from the start; llm.c's files do not say it. */
  readonly ends: Float64Array<ArrayBuffer> | undefined;
}

export interface TokenShardOptions {
  /** Bytes for each token of a `.ds` without `.ds.metadata`. */
  readonly tokenBytes?: TokenBytes;
  /** File name for messages. */
  readonly source?: string;
}

/**
 * The tokens in the bytes of a shard: with `index` or `tokenBytes` datatrove's `.ds` (tokens of 2 or 4 bytes, little endian), without
 * both llm.c's `.bin` (a header of 256 numbers, then the tokens). The tokens are a view of the bytes, not a copy.
 *
 * Throws DataError E_TOKENS where the header, the index or the metadata do not go with the tokens.
 *
 * @example
 * ```ts
 * import { tokenShard } from '@llm/data-quality';
 * const { tokens, ends } = tokenShard({ tokens: Uint8Array.of(7, 0, 1, 1, 9, 0), index: Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0), metadata: 'gpt2|2\n3\n3.00 T' });
 * console.assert([...tokens].join() === '7,257,9' && [...ends!].join() === '2,3');
 * ```
 */
export function tokenShard({ tokens: bytes, index, metadata }: TokenShardFiles, { tokenBytes, source: file }: TokenShardOptions = {}): TokenShard {
  if (index === undefined && metadata === undefined && tokenBytes === undefined) {
    const { bytesEach } = readLlmcHeader(bytes.subarray(0, LLMC_HEADER_BYTES), { size: bytes.length, file });
    return { tokens: asTokens(bytes.subarray(LLMC_HEADER_BYTES), bytesEach), ends: undefined };
  }
  const bytesEach = metadata === undefined ? (tokenBytes ?? 2) : readDatatroveMetadata(metadata, file);
  if (bytes.length % bytesEach !== 0) throw tokensFault(`${bytes.length} bytes`, { file, expected: `tokens of ${bytesEach} bytes` });
  const tokens = asTokens(bytes, bytesEach);
  return { tokens, ends: index && readDatatroveIndex(index, { tokens: tokens.length, file }) };
}
