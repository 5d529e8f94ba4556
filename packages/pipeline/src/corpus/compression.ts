import * as zlib from 'node:zlib';

/** What a general compressor makes of a text. */
export interface Compression {
  readonly name: string;
  readonly bytes: number;
  readonly bitsPerByte: number;
}

/**
 * The text under gzip, Brotli and, where this Node has it, Zstandard, each at its best level. They see the whole text as one
 * stream, so later documents profit from earlier ones; a model scores each document from its beginning.
 *
 *   bits per byte = 8 · compressed / raw
 */
export function compressions(text: string): Compression[] {
  const raw = new TextEncoder().encode(text);
  const { constants } = zlib;
  const found: [string, Uint8Array][] = [
    ['gzip -9', zlib.gzipSync(raw, { level: 9 })],
    ['brotli 11', zlib.brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } })],
  ];
  const zstd = (zlib as { zstdCompressSync?: (bytes: Uint8Array, options: object) => Uint8Array }).zstdCompressSync;
  const level = (constants as unknown as Record<string, number>).ZSTD_c_compressionLevel;
  if (zstd !== undefined && level !== undefined) found.push(['zstd 22', zstd(raw, { params: { [level]: 22 } })]);
  return found.map(([name, { length }]) => ({ name, bytes: length, bitsPerByte: raw.length === 0 ? 0 : (8 * length) / raw.length }));
}
