import { DataError } from './data-error.ts';

export interface GunzipOptions {
  /** Most bytes to give out. Default 16 GiB: text compresses 3 to 10 times, a bomb 1000 times. */
  readonly maxBytes?: number;
  /** File name for messages. */
  readonly source?: string;
}

/** The stream in as few chunks, but never one shorter than `bytes` at the start unless the stream is. */
async function* withHead(stream: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let head: Uint8Array<ArrayBuffer> | undefined = new Uint8Array(0);
  for await (const chunk of stream) {
    // A copy: the stream may reuse its buffer while the decompressor still holds the chunk.
    if (!head) {
      yield new Uint8Array(chunk);
      continue;
    }
    const joined: Uint8Array<ArrayBuffer> = new Uint8Array(head.length + chunk.length);
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
 * The bytes inside a gzip stream, at most `maxBytes` of them, checked against the checksum at its end.
 *
 * Throws DataError: E_GZIP_MAGIC when it is not gzip, E_GZIP_TRUNCATED, E_GZIP_CORRUPT, E_GZIP_BOMB as soon as the cap is
 * passed. Several gzip members one after another are read as one in Node; browsers refuse them with E_GZIP_CORRUPT.
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
  const decompressor = new DecompressionStream('gzip');
  const writer = decompressor.writable.getWriter();
  const reader = decompressor.readable.getReader();
  let upstream: { error: unknown } | undefined;
  let stopped = false;

  const feed = async (): Promise<void> => {
    try {
      let first = true;
      for await (const chunk of withHead(stream, 2)) {
        if (first && !(chunk[0] === 0x1f && chunk[1] === 0x8b)) {
          const found = chunk.length === 0 ? 'an empty stream' : 'other bytes';
          throw new DataError('E_GZIP_MAGIC', { problem: `gunzip: expected gzip data but found ${found}`, remedy: 'Check the file, or drop .gz from its name if it is not compressed.', file });
        }
        first = false;
        // A failed write is a failure of the data, which the reader reports too.
        if (stopped || !(await writer.write(chunk).then(() => true, () => false))) return;
      }
      await writer.close().catch(() => undefined);
    } catch (error) {
      upstream = { error };
      await writer.abort(error).catch(() => undefined);
    }
  };

  const feeding = feed();
  let given = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      given += value.length;
      if (given > maxBytes) {
        throw new DataError('E_GZIP_BOMB', { problem: `gunzip: expected at most ${maxBytes} bytes inside but found more`, remedy: 'Raise maxBytes if the data is meant to be that large.', file });
      }
      yield value;
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    if (upstream) throw (upstream as { error: unknown }).error;
    // Node names zlib's code; browsers only say it in words.
    const text = `${(error as { code?: unknown } | undefined)?.code ?? ''} ${error instanceof Error ? error.message : String(error)}`;
    const truncated = /Z_BUF_ERROR|unexpected end|truncat/i.test(text);
    throw truncated
      ? new DataError('E_GZIP_TRUNCATED', { problem: 'gunzip: expected a complete gzip stream but found its end missing', remedy: 'Fetch the file again.', file, cause: error })
      : new DataError('E_GZIP_CORRUPT', { problem: 'gunzip: expected valid gzip data but found damage or bytes after its end', remedy: 'Fetch the file again, or decompress it with gunzip first.', file, cause: error });
  } finally {
    stopped = true;
    await reader.cancel().catch(() => undefined);
    await writer.abort().catch(() => undefined);
    await feeding;
  }
}
