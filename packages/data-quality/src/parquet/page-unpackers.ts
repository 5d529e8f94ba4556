import type { Compressors } from 'hyparquet';

const FRAME_MAGIC = 0xfd2fb528;
/** Bytes of the dictionary's number, and of the content's size, by their codes in the descriptor (RFC 8878). */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const SIZE_BYTES = [0, 2, 4, 8];

/** The size that a zstd frame says its content has; undefined where it says none. */
function declaredSize(frame: Uint8Array): number | undefined {
  if (frame.length < 6) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== FRAME_MAGIC) return undefined;
  const descriptor = view.getUint8(4);
  const single = (descriptor >> 5) & 1;
  const bytes = SIZE_BYTES[descriptor >> 6] || single;
  const at = 5 + (single ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] as number);
  if (bytes === 0 || at + bytes > frame.length) return undefined;
  let size = 0;
  for (let i = bytes - 1; i >= 0; i--) size = size * 256 + view.getUint8(at + i);
  return bytes === 2 ? size + 256 : size;
}

/**
 * The decompressors of pages, none of which gives out more than the page says it holds, all of them together at most `maxBytes`;
 * beyond that the error of `tooLarge` is thrown. What they give out goes through `check`, with the packed bytes as they lie in the chunk.
 */
export async function pageUnpackers(maxBytes: number, { tooLarge, check }: { tooLarge: (bytes: number) => Error; check: (packed: Uint8Array, page: Uint8Array) => void }): Promise<Compressors> {
  const { compressors, decompressZstd } = await import('hyparquet-compressors');
  // By itself the one for zstd gives out whatever is inside; into an array of the size it stops there, and would not say so.
  const zstd = (input: Uint8Array, length: number): Uint8Array => {
    const declared = declaredSize(input);
    if (declared !== undefined && declared !== length) throw new RangeError(`zstd: a frame of ${declared} bytes in a page of ${length}`);
    return decompressZstd(input, new Uint8Array(length));
  };
  let unpacked = 0;
  return Object.fromEntries(Object.entries({ ...compressors, ZSTD: zstd }).map(([codec, unpack]) => [codec, (input: Uint8Array, length: number): Uint8Array => {
    unpacked += length;
    if (!(unpacked <= maxBytes)) throw tooLarge(unpacked);
    const page = unpack(input, length);
    check(input, page);
    return page;
  }]));
}
