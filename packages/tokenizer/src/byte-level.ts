/**
 * The byte-level alphabet of GPT-2: each of the 256 bytes is written as one printable character, so that a vocabulary
 * of byte strings can be stored as text. Printable Latin-1 stands for itself; the other 68 bytes, in order, become
 * U+0100, U+0101, …
 *
 * Radford et al. 2019, Language Models are Unsupervised Multitask Learners.
 */
const charOfByte: readonly string[] = alphabet();
const byteOfUnit: Int16Array = reverse();

function alphabet(): string[] {
  const chars: string[] = [];
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    chars.push(String.fromCharCode(printable ? byte : next++));
  }
  return chars;
}

function reverse(): Int16Array {
  const bytes = new Int16Array(0x144).fill(-1);
  charOfByte.forEach((char, byte) => (bytes[char.charCodeAt(0)] = byte));
  return bytes;
}

/** The character that stands for `byte` (0–255). */
export function byteToChar(byte: number): string {
  return charOfByte[byte] as string;
}

/** The 256 characters in the order of their code points, as a trained vocabulary lists them. */
export const byteLevelAlphabet: readonly string[] = [...charOfByte].sort();

/**
 * The bytes that a token of byte-level characters stands for, or undefined where the token holds any other character.
 *
 * @example
 * tokenToBytes('Ġa'); // Uint8Array [32, 97]
 */
export function tokenToBytes(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = byteOfUnit[token.charCodeAt(i)] ?? -1;
    if (byte < 0) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

/** The byte-level characters of `bytes`. */
export function bytesToToken(bytes: Uint8Array): string {
  let token = '';
  for (const byte of bytes) token += charOfByte[byte];
  return token;
}
