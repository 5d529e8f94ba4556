import { TokenizerError } from '../tokenizer-error.ts';

/** A table of normalizations: keys in UTF-8, and the texts that stand for them. */
export interface Charsmap {
  /** The keys that `bytes` has at `at`, the shortest first. */
  keys(bytes: Uint8Array, at: number): Iterable<{ readonly length: number; readonly value: number }>;
  /** The text of a key's value. */
  textAt(value: number): string;
}

/**
 * Reads SentencePiece's `precompiled_charsmap`: a double-array trie of UTF-8 keys, behind its size in bytes, then the texts that stand for
 * them, each ended by a 0.
 */
export function readCharsmap(charsmap: Uint8Array, caller: string): Charsmap {
  const view = new DataView(charsmap.buffer, charsmap.byteOffset, charsmap.byteLength);
  const size = charsmap.length < 4 ? -1 : view.getUint32(0, true);
  if (size < 0 || size % 4 !== 0 || size + 4 > charsmap.length) {
    throw new TokenizerError('E_TOKENIZER_JSON', `${caller}: expected precompiled_charsmap to begin with the size of its table but found ${size} in ${charsmap.length} bytes. Export the tokenizer again.`);
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = charsmap.subarray(4 + size);
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    * keys(bytes, from) {
      let node = offsetOf(units[0] ?? 0);
      for (let at = from; at < bytes.length; at++) {
        const byte = bytes[at]!;
        if (byte === 0) return;
        node = (node ^ byte) >>> 0;
        const unit = units[node];
        // The label, and a sign bit that leaves alone have.
        if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return;
        node = (node ^ offsetOf(unit)) >>> 0;
        if (((unit >>> 8) & 1) === 1) yield { length: at + 1 - from, value: (units[node] ?? 0) & 0x7fffffff };
      }
    },
    textAt(value) {
      const end = texts.indexOf(0, value);
      return utf8.decode(texts.subarray(value, end < 0 ? texts.length : end));
    },
  };
}

function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}
