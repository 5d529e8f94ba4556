import { scanLines } from './line-scanner.ts';

/** Enough for any sane record, small enough that one missing line feed cannot exhaust memory. */
export const DEFAULT_MAX_LINE_BYTES: number = 16 * 1024 * 1024;

export interface ReadLinesOptions {
  /** Without its line end. Default 16 MiB. */
  readonly maxLineBytes?: number;
  /** Bytes that are not UTF-8 become U+FFFD instead of an error. */
  readonly replaceInvalid?: boolean;
  /** File name for messages. */
  readonly source?: string;
}

/**
 * Lines of a UTF-8 byte stream, without their line ends (LF or CRLF) and without a leading byte order mark.
 *
 * Throws DataError with file and line: E_LINE_TOO_LONG; E_ENCODING for bytes that are not UTF-8, and at once for UTF-16,
 * UTF-32, gzip or zstd data. Memory is one chunk plus one line.
 *
 * @example
 * ```ts
 * import { readLines } from '@llm/data-quality';
 * const lines: string[] = [];
 * for await (const line of readLines(new Blob(['one\r\ntwo']).stream())) lines.push(line);
 * console.assert(lines.join() === 'one,two');
 * ```
 */
export async function* readLines(stream: AsyncIterable<Uint8Array>, { maxLineBytes = DEFAULT_MAX_LINE_BYTES, replaceInvalid = false, source }: ReadLinesOptions = {}): AsyncGenerator<string> {
  for await (const { lines } of scanLines(stream, { maxLineBytes, replaceInvalid, source, caller: 'readLines' })) {
    for (const line of lines) {
      if (typeof line !== 'string') throw line;
      yield line;
    }
  }
}
