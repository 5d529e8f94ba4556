const encoder: TextEncoder = new TextEncoder();
// Native encoding measures ten times faster than a loop; the bytes themselves are thrown away.
const scratch: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 16);
/** Below this a native call costs more than it saves. */
const SHORT = 32;

/** Bytes that the text takes in UTF-8; a lone surrogate takes the three of U+FFFD. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; ) {
    const { read, written } = encoder.encodeInto(at === 0 ? text : text.slice(at), scratch);
    at += read;
    bytes += written;
  }
  return bytes;
}

function countShort(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) {
      count--;
      i++;
    }
  }
  return count;
}

/**
 * Number of Unicode code points, which is what Python's `len` counts: a surrogate pair is one, a lone surrogate is one.
 *
 * @example
 * ```ts
 * import { codePoints } from '@llm/data-quality';
 * console.assert(codePoints('a😀') === 2 && 'a😀'.length === 3);
 * ```
 */
export function codePoints(text: string): number {
  if (text.length < SHORT) return countShort(text);
  let count = 0;
  for (let at = 0; at < text.length; ) {
    const { read, written } = encoder.encodeInto(at === 0 ? text : text.slice(at), scratch);
    at += read;
    count += written;
    // As many bytes as units is ASCII; otherwise every byte that goes on with a code point is one too many.
    if (read !== written) for (let i = 0; i < written; i++) if (((scratch[i] as number) & 0xc0) === 0x80) count--;
  }
  return count;
}
