import { GgufError } from './errors.ts';

/** Thrown where the bytes at hand end but the file goes on: fetch more of it and begin again. */
export class NeedsMore extends Error {
  override readonly name: string = 'NeedsMore';
}

/** Reads a file from its beginning, little-endian, and never past its end. */
export interface Cursor {
  readonly at: () => number;
  /** Bytes of the file that are left. */
  readonly left: () => number;
  u8(): number;
  i8(): number;
  u16(): number;
  i16(): number;
  u32(): number;
  i32(): number;
  f32(): number;
  f64(): number;
  u64(): bigint;
  i64(): bigint;
  /** A length or count, which must be below 2⁵³; `what` is for the message. */
  count(what: string, each: { readonly atLeastBytes: number }): number;
  text(what: string): string;
}

/** A cursor over the first bytes of a file of `fileBytes`. */
export function cursor(bytes: Uint8Array, fileBytes: number): Cursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let at = 0;
  const take = (size: number): number => {
    if (size > fileBytes - at) throw new GgufError('E_TRUNCATED', `readGguf: expected ${size} more bytes at ${at} but found the end of the file at ${fileBytes}. Download the file again.`);
    if (size > bytes.length - at) throw new NeedsMore();
    at += size;
    return at - size;
  };
  const u64 = (): bigint => view.getBigUint64(take(8), true);
  return {
    at: () => at,
    left: () => fileBytes - at,
    u8: () => view.getUint8(take(1)),
    i8: () => view.getInt8(take(1)),
    u16: () => view.getUint16(take(2), true),
    i16: () => view.getInt16(take(2), true),
    u32: () => view.getUint32(take(4), true),
    i32: () => view.getInt32(take(4), true),
    f32: () => view.getFloat32(take(4), true),
    f64: () => view.getFloat64(take(8), true),
    u64,
    i64: () => view.getBigInt64(take(8), true),
    count(what, { atLeastBytes }) {
      const found = u64();
      // Whatever a count promises must fit into what is left of the file: nothing is allocated on its word alone.
      if (found > BigInt(Math.floor((fileBytes - at) / atLeastBytes))) {
        throw new GgufError('E_COUNT', `readGguf: expected ${what} that fit into the file but found ${found} with ${fileBytes - at} bytes left. The file is damaged or hostile.`);
      }
      return Number(found);
    },
    text(what) {
      const length = u64();
      if (length > BigInt(fileBytes - at)) throw new GgufError('E_STRING', `readGguf: expected ${what} inside the file but found a text of ${length} bytes with ${fileBytes - at} left. The file is damaged or hostile.`);
      const begin = take(Number(length));
      try {
        // A copy, since a decoder refuses shared memory.
        return decoder.decode(bytes.slice(begin, at));
      } catch (cause) {
        throw new GgufError('E_UTF8', `readGguf: expected ${what} in UTF-8 but found other bytes at ${begin}. The file is damaged.`, { cause });
      }
    },
  };
}
