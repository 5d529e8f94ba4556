import type { DecodeOptions, StreamDecoder } from './tokenizer.ts';

/** The bytes of each id: id `i` is `arena[offsets[i], offsets[i + 1])`. */
export interface TokenBytes {
  readonly arena: Uint8Array;
  readonly offsets: Uint32Array;
  /** 1 for the ids of special tokens, [size]. */
  readonly special: Uint8Array;
}

/** Lays the bytes of all tokens end to end. */
export function tokenBytes(tokens: readonly Uint8Array[], special: Uint8Array): TokenBytes {
  const offsets = new Uint32Array(tokens.length + 1);
  tokens.forEach((bytes, i) => (offsets[i + 1] = offsets[i]! + bytes.length));
  const arena = new Uint8Array(offsets[tokens.length]!);
  tokens.forEach((bytes, i) => arena.set(bytes, offsets[i]!));
  return { arena, offsets, special };
}

/** The text of `ids`: their bytes put together, then read as UTF-8. */
export function decodeIds(tokens: TokenBytes, ids: Iterable<number>, { skipSpecial = false }: DecodeOptions): string {
  const { arena, offsets, special } = tokens;
  let bytes = new Uint8Array(1024);
  let count = 0;
  for (const id of ids) {
    checkId('decode', id, special.length);
    if (skipSpecial && special[id]) continue;
    const start = offsets[id]!;
    const end = offsets[id + 1]!;
    if (count + end - start > bytes.length) {
      const larger = new Uint8Array(Math.max(count + end - start, bytes.length * 2));
      larger.set(bytes);
      bytes = larger;
    }
    for (let i = start; i < end; i++) bytes[count++] = arena[i]!;
  }
  return utf8().decode(bytes.subarray(0, count));
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
