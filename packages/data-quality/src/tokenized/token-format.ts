import { DataError } from '../data-error.ts';

/** Token ids of two bytes each, or of four. */
export type TokenArray = Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** datatrove's `.ds` with its `.ds.index` and `.ds.metadata`, or the `.bin` of llm.c. */
export type TokenFormat = 'datatrove' | 'llmc';

export type TokenBytes = 2 | 4;

export const LLMC_HEADER_BYTES: number = 256 * 4;
/** Magic number and version of llm.c's files: those of GPT-2 have two bytes a token, those of Llama 3 four. */
const LLMC_KINDS: Readonly<Record<TokenBytes, readonly [magic: number, version: number]>> = { 2: [20240520, 1], 4: [20240801, 7] };

/** The bytes that a vocabulary of this size needs for each token, as datatrove decides it. */
export const bytesPerToken = (vocabSize: number): TokenBytes => (vocabSize > 65536 ? 4 : 2);

/** An array for so many tokens. */
export const tokenArray = (bytesEach: TokenBytes, length: number): TokenArray => (bytesEach === 2 ? new Uint16Array(length) : new Uint32Array(length));

/** Bytes as tokens, little endian as the files and every machine that runs JavaScript today are. Copies where they are not aligned. */
export function asTokens(bytes: Uint8Array, bytesEach: TokenBytes): TokenArray {
  const whole = bytes.byteOffset % bytesEach === 0 && bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice();
  const Kind = bytesEach === 2 ? Uint16Array : Uint32Array;
  return new Kind(whole.buffer as ArrayBuffer, whole.byteOffset, whole.byteLength / bytesEach);
}

/** What is wrong with a shard of tokens. */
export function tokensFault(found: string, { file, expected = 'a complete shard of tokens' }: { file: string | undefined; expected?: string }): DataError {
  return new DataError('E_TOKENS', { problem: `readTokenShards: expected ${expected} but found ${found}`, remedy: 'Write or fetch the shard again, with the files beside it.', file });
}

/** 256 numbers of four bytes: magic, version, number of tokens, zeros. */
export function llmcHeader(tokens: number, bytesEach: TokenBytes): Uint8Array {
  const header = new Int32Array(256);
  [header[0], header[1]] = LLMC_KINDS[bytesEach] as [number, number];
  header[2] = tokens;
  return new Uint8Array(header.buffer);
}

/** What the header of an llm.c file of `size` bytes says, checked against that size. */
export function readLlmcHeader(header: Uint8Array, { size, file }: { size: number; file: string | undefined }): { tokens: number; bytesEach: TokenBytes } {
  if (header.length < LLMC_HEADER_BYTES) throw tokensFault(`${header.length} bytes`, { file, expected: 'a header of 1024 bytes' });
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [magic, version, tokens] = [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true)];
  const bytesEach = ([2, 4] as const).find((each) => LLMC_KINDS[each][0] === magic);
  if (bytesEach === undefined) throw tokensFault(`the number ${magic} at the start`, { file, expected: '20240520 or 20240801, the magic numbers of llm.c,' });
  if (version !== LLMC_KINDS[bytesEach][1]) throw tokensFault(`version ${version}`, { file, expected: `version ${LLMC_KINDS[bytesEach][1]} of llm.c's format` });
  if (tokens < 0 || LLMC_HEADER_BYTES + tokens * bytesEach !== size) throw tokensFault(`${size} bytes`, { file, expected: `${tokens} tokens of ${bytesEach} bytes after the header` });
  return { tokens, bytesEach };
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** A count in three digits with a prefix of the SI: `12.3 kT`, as the humanize package writes it. */
export function metricTokens(count: number): string {
  let exponent = count === 0 ? 0 : Math.floor(Math.log10(count));
  // log10 of 1000 and the like may come out a little below.
  if (10 ** (exponent + 1) <= count) exponent++;
  const digitsOf = (power: number): number => Math.max(0, 2 - (power % 3));
  if (Number((count / 10 ** (exponent - (exponent % 3))).toFixed(digitsOf(exponent))) >= 10 ** ((exponent % 3) + 1)) exponent++;
  return `${(count / 10 ** (exponent - (exponent % 3))).toFixed(digitsOf(exponent))} ${PREFIXES[Math.floor(exponent / 3)] ?? ''}T`;
}

/** The three lines of datatrove's `.ds.metadata`. */
export function datatroveMetadata(tokens: number, { bytesEach, tokenizerName }: { bytesEach: TokenBytes; tokenizerName: string | undefined }): string {
  const name = tokenizerName === undefined || tokenizerName === '' ? `Unknown Tokenizer|${bytesEach}` : tokenizerName;
  return `${name}|${bytesEach}\n${tokens}\n${metricTokens(tokens)}`;
}

/** The bytes for each token that a `.ds.metadata` names. */
export function readDatatroveMetadata(text: string, file: string | undefined): TokenBytes {
  const found = /\|([24])\r?(?:\n|$)/.exec(text)?.[1];
  if (found === undefined) throw tokensFault(JSON.stringify(text.slice(0, 40)), { file, expected: 'a metadata file whose first line ends in |2 or |4' });
  return Number(found) as TokenBytes;
}

/** The ends of documents, in tokens from the start of the shard, as the eight bytes each of a `.ds.index`. */
export function datatroveIndex(ends: readonly number[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(ends, BigInt).buffer);
}

/** The ends of documents in a `.ds.index`, checked to go up to `tokens`. */
export function readDatatroveIndex(bytes: Uint8Array, { tokens, file }: { tokens: number; file: string | undefined }): Float64Array<ArrayBuffer> {
  if (bytes.length % 8 !== 0) throw tokensFault(`${bytes.length} bytes`, { file, expected: 'an index of 8 bytes for each document' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ends = Float64Array.from({ length: bytes.length / 8 }, (_, i) => Number(view.getBigUint64(8 * i, true)));
  let last = 0;
  for (const end of ends) {
    if (!(end >= last && end <= tokens)) throw tokensFault(`the end ${end} after ${last}`, { file, expected: `ends of documents that go up, to ${tokens} at most,` });
    last = end;
  }
  if (last !== tokens) throw tokensFault(`${last}`, { file, expected: `an index that ends at ${tokens}, the tokens of the shard,` });
  return ends;
}
