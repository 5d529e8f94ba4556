import type { DecodeOptions, StreamDecoder } from './tokenizer.ts';

/** The bytes of each id: id `i` is `arena[offsets[i], offsets[i + 1])`. */
export interface TokenBytes {
  readonly arena: Uint8Array;
  readonly offsets: Uint32Array;
  /** 1 for the ids of special tokens, [size]. */
  readonly special: Uint8Array;
}

// So many bytes more than there are may be read and written at the end.
const BEYOND = 3;
const CHUNK = 1 << 16;

/** Lays the bytes of all tokens end to end. */
export function tokenBytes(tokens: readonly Uint8Array[], special: Uint8Array): TokenBytes {
  const offsets = new Uint32Array(tokens.length + 1);
  tokens.forEach((bytes, i) => (offsets[i + 1] = offsets[i]! + bytes.length));
  const arena = new Uint8Array(offsets[tokens.length]! + BEYOND);
  tokens.forEach((bytes, i) => arena.set(bytes, offsets[i]!));
  return { arena, offsets, special };
}

/** The text of `ids`: their bytes put together, then read as UTF-8. */
export function decodeIds(tokens: TokenBytes, ids: Iterable<number>, { skipSpecial = false }: DecodeOptions): string {
  const list = ids instanceof Uint32Array || ids instanceof Int32Array || Array.isArray(ids) ? (ids as ArrayLike<number>) : Array.from(ids);
  const { arena, offsets, special } = tokens;
  const from = new DataView(arena.buffer, arena.byteOffset, arena.byteLength);
  // As much at a time as stays near the processor.
  const size = Math.min(CHUNK, list.length * 16);
  const bytes = new Uint8Array(size + BEYOND);
  const to = new DataView(bytes.buffer);
  const decoder = utf8();
  let text = '';
  let count = 0;
  for (let i = 0; i < list.length; i++) {
    const id = list[i]!;
    checkId('decode', id, special.length);
    if (skipSpecial && special[id]) continue;
    let start = offsets[id]!;
    const end = offsets[id + 1]!;
    if (count + end - start > size) {
      text += decoder.decode(bytes.subarray(0, count), { stream: true });
      count = 0;
      if (end - start > size) {
        text += decoder.decode(arena.subarray(start, end), { stream: true });
        continue;
      }
    }
    // Four bytes at a time: what is copied beyond the end of a token is written over by the next one.
    const next = count + end - start;
    for (; start < end; start += 4, count += 4) to.setInt32(count, from.getInt32(start));
    count = next;
  }
  return text + decoder.decode(bytes.subarray(0, count));
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

/** Throws unless `id` is one of the `size` ids. */
export function checkId(name: string, id: number, size: number): void {
  if (Number.isInteger(id) && id >= 0 && id < size) return;
  throw new RangeError(
    `${name}: expected an id from 0 to ${size - 1} but found ${String(id)}. Check that the model and the tokenizer belong together.`,
  );
}

// Without ignoreBOM a text that starts with U+FEFF would lose it.
function utf8(): TextDecoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}
