import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { DataError } from '../data-error.ts';
import { zstdFrames } from './zstd-frames.ts';

export interface UnzstdOptions {
  /** Most bytes to give out. Default 16 GiB. */
  readonly maxBytes?: number;
  /** File name for messages. */
  readonly source?: string;
}

/** Node has it from 22.15 on; the types are those of the oldest Node that is supported. */
const { createZstdDecompress } = zlib as unknown as { createZstdDecompress?: () => Transform };

/**
 * The bytes inside a zstd stream, at most `maxBytes` of them; the platform's own decompressor does the work. Several frames
 * one after another are read as one, those to be skipped are skipped.
 *
 * Throws DataError: E_ZSTD_UNSUPPORTED where Node has none (before 22.15), E_ZSTD_CORRUPT for what is not zstd, is damaged
 * (seen for certain where the frame has a checksum) or lacks its end, E_ZSTD_BOMB as soon as the cap is passed.
 *
 * @example
 * ```ts no-run
 * import { createReadStream } from 'node:fs';
 * import { unzstd } from '@llm/data-quality/node';
 * for await (const chunk of unzstd(createReadStream('a.jsonl.zst'))) console.log(chunk.length);
 * ```
 */
export async function* unzstd(stream: AsyncIterable<Uint8Array>, { maxBytes = 16 * 1024 ** 3, source: file }: UnzstdOptions = {}): AsyncGenerator<Uint8Array> {
  if (!(maxBytes >= 0)) throw new RangeError(`unzstd: expected maxBytes of at least 0 but found ${maxBytes}. Leave it out for the default.`);
  if (!createZstdDecompress) {
    throw new DataError('E_ZSTD_UNSUPPORTED', { problem: `unzstd: expected a Node with zstd but found ${process.version}`, remedy: 'Use Node 22.15 or later, or decompress the file first, for example with `zstd -d`.', file });
  }
  let read = 0;
  let fault: unknown;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of zstdFrames(stream)) {
        read += chunk.length;
        // The decompressor may look at a chunk after the reader has filled it anew.
        yield chunk.slice();
      }
    } catch (error) {
      fault = error;
      throw error;
    }
  };
  // No more than one chunk waits, so that none is joined to the next across the end of a frame.
  const input = Readable.from(counted(), { objectMode: false, highWaterMark: 1 });
  const output = createZstdDecompress();
  input.on('error', (error) => output.destroy(error));
  input.pipe(output);
  let given = 0;
  try {
    for await (const chunk of output as AsyncIterable<Uint8Array>) {
      given += chunk.length;
      if (given > maxBytes) throw new DataError('E_ZSTD_BOMB', { problem: `unzstd: expected at most ${maxBytes} bytes inside but found more`, remedy: 'Raise maxBytes if the data is meant to be that large.', file });
      yield chunk;
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    if (fault !== undefined) throw fault;
    throw new DataError('E_ZSTD_CORRUPT', { problem: 'unzstd: expected a complete zstd stream but found damage, other bytes or its end missing', remedy: 'Fetch the file again.', file, cause: error });
  } finally {
    input.destroy();
    output.destroy();
  }
  if (read === 0) throw new DataError('E_ZSTD_CORRUPT', { problem: 'unzstd: expected zstd data but found an empty stream', remedy: 'Fetch the file again.', file });
}
