import { Z_BUF_ERROR, Z_NO_FLUSH, Z_OK, Z_STREAM_END, ZStream, zlibInflate, zlibInflateInit2, zlibInflateReset } from 'pako';
import { DataError } from './data-error.ts';

/** zlib's number for gzip and nothing else, with windows of up to 2¹⁵ bytes. */
const GZIP_WINDOW_BITS = 16 + 15;
const OUTPUT_BYTES = 64 * 1024;

export interface GunzipOptions {
  /** Most bytes to give out. Default 16 GiB: text compresses 3 to 10 times, a bomb 1000 times. */
  readonly maxBytes?: number;
  /** File name for messages. */
  readonly source?: string;
}

/** The stream, its first chunk at least `bytes` long unless the stream is shorter. */
async function* withHead(stream: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of stream) {
    if (!head) {
      yield chunk;
      continue;
    }
    const joined: Uint8Array = new Uint8Array(head.length + chunk.length);
    joined.set(head);
    joined.set(chunk, head.length);
    head = joined;
    if (head.length < bytes) continue;
    yield head;
    head = undefined;
  }
  if (head) yield head;
}

/**
 * The bytes inside a gzip stream, at most `maxBytes` of them, checked against the checksum at its end. Several gzip members
 * one after another are read as one, in browsers too, where `DecompressionStream` refuses them; zeros after the end are padding.
 *
 * Throws DataError: E_GZIP_MAGIC when it is not gzip, E_GZIP_TRUNCATED, E_GZIP_CORRUPT, E_GZIP_BOMB as soon as the cap is
 * passed.
 *
 * @example
 * ```ts
 * import { gunzip } from '@llm/data-quality';
 * const zipped = new Blob(['hello']).stream().pipeThrough(new CompressionStream('gzip'));
 * let text = '';
 * for await (const chunk of gunzip(zipped)) text += new TextDecoder().decode(chunk);
 * console.assert(text === 'hello');
 * ```
 */
export async function* gunzip(stream: AsyncIterable<Uint8Array>, { maxBytes = 16 * 1024 ** 3, source: file }: GunzipOptions = {}): AsyncGenerator<Uint8Array> {
  if (!(maxBytes >= 0)) throw new RangeError(`gunzip: expected maxBytes of at least 0 but found ${maxBytes}. Leave it out for the default.`);
  const zlib = new ZStream();
  zlibInflateInit2(zlib, GZIP_WINDOW_BITS);
  let begun = false;
  let memberEnded = false;
  let given = 0;
  for await (const chunk of withHead(stream, 2)) {
    if (!begun && !(chunk[0] === 0x1f && chunk[1] === 0x8b)) {
      const found = chunk.length === 0 ? 'an empty stream' : 'other bytes';
      throw new DataError('E_GZIP_MAGIC', { problem: `gunzip: expected gzip data but found ${found}`, remedy: 'Check the file, or drop .gz from its name if it is not compressed.', file });
    }
    begun = true;
    zlib.input = chunk;
    zlib.next_in = 0;
    zlib.avail_in = chunk.length;
    for (;;) {
      if (memberEnded) {
        while (zlib.avail_in > 0 && chunk[zlib.next_in] === 0) {
          zlib.next_in++;
          zlib.avail_in--;
        }
        if (zlib.avail_in === 0) break;
        zlibInflateReset(zlib);
        memberEnded = false;
      }
      if (zlib.avail_out === 0) {
        zlib.output = new Uint8Array(OUTPUT_BYTES);
        zlib.next_out = 0;
        zlib.avail_out = OUTPUT_BYTES;
      }
      const from = zlib.next_out;
      const status = zlibInflate(zlib, Z_NO_FLUSH);
      given += zlib.next_out - from;
      if (given > maxBytes) {
        throw new DataError('E_GZIP_BOMB', { problem: `gunzip: expected at most ${maxBytes} bytes inside but found more`, remedy: 'Raise maxBytes if the data is meant to be that large.', file });
      }
      if (zlib.next_out > from) yield zlib.output.subarray(from, zlib.next_out);
      if (status === Z_STREAM_END) memberEnded = true;
      else if (status !== Z_OK && status !== Z_BUF_ERROR) {
        throw new DataError('E_GZIP_CORRUPT', { problem: 'gunzip: expected valid gzip data but found damage or bytes after its end', remedy: 'Fetch the file again, or decompress it with gunzip first.', file, cause: new Error(zlib.msg) });
      } else if (zlib.avail_out > 0) break;
    }
  }
  if (!memberEnded) throw new DataError('E_GZIP_TRUNCATED', { problem: 'gunzip: expected a complete gzip stream but found its end missing', remedy: 'Fetch the file again.', file });
}
