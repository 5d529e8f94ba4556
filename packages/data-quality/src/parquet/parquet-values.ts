import type { ParquetParsers } from 'hyparquet';

/** Bytes of text or JSON that are decoded only when their row is: a row group is kept as it lies in the file. */
const BYTES: unique symbol = Symbol('bytes');
const JSON_BYTES: unique symbol = Symbol('bytes of JSON');

interface Undecoded {
  readonly [BYTES]?: Uint8Array;
  readonly [JSON_BYTES]?: Uint8Array;
}

/** hyparquet's parsers, of which those of text leave the bytes as they are. */
export const lateParsers: Partial<ParquetParsers> = {
  stringFromBytes: (bytes) => bytes && { [BYTES]: bytes },
  jsonFromBytes: (bytes) => bytes && { [JSON_BYTES]: bytes },
};

// ignoreBOM keeps U+FEFF, which is a character here.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes behind a value that is text, or that some older writers leave without saying so; undefined for any other value. */
export function textBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return value instanceof Uint8Array ? value : (value as Undecoded)[BYTES];
}

/** Throws TypeError for what is not UTF-8. */
export const decodeText = (bytes: Uint8Array): string => strict.decode(bytes);

function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x3000) parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 0x3000))));
  return parts.join('');
}

/**
 * A value as plain JSON data: integers that a number cannot hold become decimal strings, dates ISO strings, bytes base64. Throws
 * TypeError for text that is not UTF-8 and SyntaxError for JSON that is none.
 */
export function plainValue(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
  if (typeof value !== 'object') return value;
  const { [BYTES]: text, [JSON_BYTES]: json } = value as Undecoded;
  if (text) return decodeText(text);
  if (json) return JSON.parse(decodeText(json));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return base64(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plainValue);
  if (Array.isArray(value)) return value.map(plainValue);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainValue(inner)]));
}
