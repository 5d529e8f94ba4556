/** Bytes that can be read in ranges: a file on a disk, a part of a web page's file, something behind HTTP. A `Blob` or `File` and a `Uint8Array` do as well. */
export interface ByteSource {
  readonly byteLength: number;
  /** The bytes from `start` up to but not including `end`. */
  slice(start: number, end: number): ArrayBuffer | Promise<ArrayBuffer>;
}

/** Any of the three as a `ByteSource`. */
export function toByteSource(source: ByteSource | Blob | Uint8Array): ByteSource {
  if (source instanceof Uint8Array) return { byteLength: source.byteLength, slice: (start, end) => source.slice(start, end).buffer as ArrayBuffer };
  if (source instanceof Blob) return { byteLength: source.size, slice: (start, end) => source.slice(start, end).arrayBuffer() };
  return source;
}
