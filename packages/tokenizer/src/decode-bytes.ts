import { shown } from './tokenizer-error.ts';
import type { DecodeOptions, StreamDecoder } from './tokenizer.ts';

/** The bytes of each id: id `i` is `arena[offsets[i], offsets[i + 1])`. */
export interface TokenBytes {
  readonly arena: Uint8Array;
  readonly offsets: Uint32Array;
  /** 1 for the ids of special tokens, [size]. */
  readonly special: Uint8Array;
  /** Four words for each id, little-endian: up to 15 bytes of it, and their number in the last; LONG there for what has more. */
  readonly short: Int32Array;
}

const SHORT = 15;
const LONG = 255;
const CHUNK = 1 << 16;

/** Lays the bytes of all tokens end to end. */
export function tokenBytes(tokens: readonly Uint8Array[], special: Uint8Array): TokenBytes {
  const offsets = new Uint32Array(tokens.length + 1);
  tokens.forEach((bytes, i) => (offsets[i + 1] = offsets[i]! + bytes.length));
  const arena = new Uint8Array(offsets[tokens.length]!);
  const short = new Int32Array(4 * tokens.length);
  const record = new Uint8Array(16);
  const words = new DataView(record.buffer);
  tokens.forEach((bytes, i) => {
    arena.set(bytes, offsets[i]!);
    record.fill(0);
    if (bytes.length <= SHORT) record.set(bytes);
    record[SHORT] = bytes.length <= SHORT ? bytes.length : LONG;
    for (let k = 0; k < 4; k++) short[4 * i + k] = words.getInt32(4 * k, true);
  });
  return { arena, offsets, special, short };
}

/** The text of `ids`: their bytes put together, then read as UTF-8. */
export function decodeIds(tokens: TokenBytes, ids: Iterable<number>, { skipSpecial = false }: DecodeOptions): string {
  const { arena, offsets, special, short } = tokens;
  checkIds(ids);
  const list = ids instanceof Uint32Array || ids instanceof Int32Array ? ids : Uint32Array.from(ids, (id) => (checkId('decode', id, special.length), id));
  // As much at a time as stays near the processor; a word may be written up to its end behind the last byte.
  let size = Math.min(CHUNK, list.length * 16);
  let bytes = new Uint8Array(size + SHORT + 1);
  let to = new DataView(bytes.buffer);
  let text = '';
  let count = 0;
  for (let i = 0; i < list.length; i++) {
    const id = list[i]!;
    const at = 4 * id;
    const last = short[at + 3];
    if (last === undefined) checkId('decode', id, special.length);
    if (skipSpecial && special[id]) continue;
    let length = last! >>> 24;
    if (length === LONG) length = offsets[id + 1]! - offsets[id]!;
    if (count + length > size) {
      // Engines read whole pieces several times as fast as those that say that more will come.
      const whole = wholeEnd(bytes, count);
      text += WHOLE.decode(bytes.subarray(0, whole));
      bytes.copyWithin(0, whole, count);
      count -= whole;
      if (count + length > size) {
        size = 2 * (count + length);
        const larger = new Uint8Array(size + SHORT + 1);
        larger.set(bytes.subarray(0, count));
        bytes = larger;
        to = new DataView(bytes.buffer);
      }
    }
    if (length > SHORT) bytes.set(arena.subarray(offsets[id]!, offsets[id]! + length), count);
    else {
      // What is written beyond the end of a token is written over by the next one.
      to.setInt32(count, short[at]!, true);
      if (length > 4) {
        to.setInt32(count + 4, short[at + 1]!, true);
        to.setInt32(count + 8, short[at + 2]!, true);
        to.setInt32(count + 12, last!, true);
      }
    }
    count += length;
  }
  return text + WHOLE.decode(bytes.subarray(0, count));
}

/** Where the last character that is whole ends: what a lead byte among the last three begins may go on in what follows. */
function wholeEnd(bytes: Uint8Array, count: number): number {
  for (let back = 1; back <= 3 && back <= count; back++) {
    const byte = bytes[count - back]!;
    if (byte < 0x80) return count;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? count - back : count;
  }
  return count;
}

/** A {@link StreamDecoder} over `tokens`. */
export function decodeStream(tokens: TokenBytes, { skipSpecial = false }: DecodeOptions): StreamDecoder {
  const { arena, offsets, special } = tokens;
  const decoder = utf8();
  return {
    push(id) {
      checkId('push', id, special.length);
      if (skipSpecial && special[id]) return '';
      return decoder.decode(arena.subarray(offsets[id]!, offsets[id + 1]!), { stream: true });
    },
    end: () => decoder.decode(),
  };
}

/** Throws unless what is to be decoded can be gone through. */
export function checkIds(ids: unknown): void {
  if (typeof (ids as Iterable<number> | null | undefined)?.[Symbol.iterator] === 'function') return;
  throw new TypeError(`decode: expected ids but found ${shown(ids)}. Pass an array of them, also for one.`);
}

/** Throws unless `id` is one of the `size` ids. */
export function checkId(name: string, id: number, size: number): void {
  if (Number.isInteger(id) && id >= 0 && id < size) return;
  throw new RangeError(
    `${name}: expected an id from 0 to ${size - 1} but found ${String(id)}. Check that the model and the tokenizer belong together.`,
  );
}

/** For pieces that end with a character. */
const WHOLE = utf8();

// Without ignoreBOM a text that starts with U+FEFF would lose it.
function utf8(): TextDecoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}
