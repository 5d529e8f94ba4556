import { DataError } from './data-error.ts';

export interface ScanOptions {
  readonly maxLineBytes: number;
  /** Bytes that are not UTF-8 become U+FFFD instead of an error. */
  readonly replaceInvalid: boolean;
  readonly source: string | undefined;
  /** Name of the public function, for messages. */
  readonly caller: string;
}

/** Consecutive lines; a bad one stands as its error so that the caller may count it and go on. */
export interface LineBatch {
  /** 1-based number of the first line. */
  readonly first: number;
  readonly lines: readonly (string | DataError)[];
  /** The stream ended inside the last of these lines: there was no line feed. */
  readonly unterminated: boolean;
}

const LF = 10;
const HEAD_BYTES = 512;

/** Throws where the first bytes say that this is not UTF-8 text at all; returns how many of them are a byte order mark. */
function checkHead(head: Uint8Array, { source: file, caller }: ScanOptions): number {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte);
  const refuse = (found: string, remedy: string): never => {
    throw new DataError('E_ENCODING', { problem: `${caller}: expected UTF-8 text but found ${found}`, remedy, file, line: 1 });
  };
  const convert = 'Convert the file to UTF-8, for example with `iconv -t UTF-8`.';
  if (starts(0xef, 0xbb, 0xbf)) return 3;
  if (starts(0xff, 0xfe, 0, 0) || starts(0, 0, 0xfe, 0xff)) refuse('a UTF-32 byte order mark', convert);
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) refuse('a UTF-16 byte order mark', convert);
  if (starts(0x1f, 0x8b)) refuse('gzip-compressed bytes', 'Pass the stream through gunzip, or let the file name end in .gz.');
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) refuse('zstd-compressed bytes', 'Decompress the file first, for example with `zstd -d`.');
  // UTF-16 without a mark: Western text has a zero in every other byte, which UTF-8 text never has.
  const zeros = [0, 0];
  for (let i = 0; i < head.length; i++) if (head[i] === 0) zeros[i & 1] = (zeros[i & 1] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const most = Math.max(even, odd), least = Math.min(even, odd);
  if (head.length >= 8 && most >= 0.9 * Math.floor(head.length / 2) && least === 0) refuse('what looks like UTF-16 without a byte order mark', convert);
  return 0;
}

function withoutCarriageReturn(line: string): string {
  return line.charCodeAt(line.length - 1) === 13 ? line.slice(0, -1) : line;
}

/**
 * Lines of a byte stream in batches, decoded a chunk at a time; memory is one chunk plus one line of at most `maxLineBytes`.
 * A line ends at LF or CRLF. Time is linear in the bytes whatever the lines are.
 */
export async function* scanLines(stream: AsyncIterable<Uint8Array>, options: ScanOptions): AsyncGenerator<LineBatch> {
  const { maxLineBytes, replaceInvalid, source: file, caller } = options;
  if (!(maxLineBytes >= 1)) throw new RangeError(`${caller}: expected maxLineBytes of at least 1 but found ${maxLineBytes}. Leave it out for the default.`);
  // ignoreBOM keeps U+FEFF: only the mark at the very start of the stream is dropped, and checkHead has done that.
  const decoder = new TextDecoder('utf-8', { fatal: !replaceInvalid, ignoreBOM: true });
  let next = 1;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let skippingLong = false;

  const tooLong = (line: number): DataError =>
    new DataError('E_LINE_TOO_LONG', { problem: `${caller}: expected lines of at most ${maxLineBytes} bytes but found a longer one`, remedy: 'Split the line, or raise maxLineBytes.', file, line });

  const decodeOne = (bytes: Uint8Array, line: number): string | DataError => {
    if (bytes.length > maxLineBytes + 1 || (bytes.length === maxLineBytes + 1 && bytes[maxLineBytes] !== 13)) return tooLong(line);
    try {
      return withoutCarriageReturn(decoder.decode(bytes));
    } catch (cause) {
      return new DataError('E_ENCODING', { problem: `${caller}: expected UTF-8 but found bytes that are not`, remedy: 'Convert the file to UTF-8, or set replaceInvalid to turn such bytes into U+FFFD.', file, line, cause });
    }
  };

  /** `bytes` ends just after a line feed. */
  const decodeMany = (bytes: Uint8Array, first: number): (string | DataError)[] => {
    const ends: number[] = [];
    let longest = 0;
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(LF, start);
      longest = Math.max(longest, end - start);
      ends.push(end);
      start = end + 1;
    }
    if (longest <= maxLineBytes) {
      try {
        const lines = decoder.decode(bytes.subarray(0, bytes.length - 1)).split('\n');
        for (let i = 0; i < lines.length; i++) lines[i] = withoutCarriageReturn(lines[i] ?? '');
        return lines;
      } catch {
        // One of them is not UTF-8; decoding them one by one finds which.
      }
    }
    let start = 0;
    return ends.map((end, i) => {
      const line = decodeOne(bytes.subarray(start, end), first + i);
      start = end + 1;
      return line;
    });
  };

  const join = (): Uint8Array => {
    if (pending.length === 1) return pending[0] as Uint8Array;
    const all = new Uint8Array(pendingBytes);
    let at = 0;
    for (const part of pending) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };

  const accept = (chunk: Uint8Array): (string | DataError)[] => {
    let rest = chunk;
    if (skippingLong) {
      const end = rest.indexOf(LF);
      if (end < 0) return [];
      skippingLong = false;
      rest = rest.subarray(end + 1);
    }
    const last = rest.lastIndexOf(LF);
    const lines: (string | DataError)[] = [];
    if (last >= 0) {
      let from = 0;
      if (pendingBytes > 0) {
        from = rest.indexOf(LF) + 1;
        pending.push(rest.subarray(0, from - 1));
        pendingBytes += from - 1;
        lines.push(decodeOne(join(), next));
        pending = [];
        pendingBytes = 0;
      }
      if (from <= last) {
        // A loop, not push(...): a chunk may hold more lines than a call may have arguments.
        for (const line of decodeMany(rest.subarray(from, last + 1), next + lines.length)) lines.push(line);
      }
      rest = rest.subarray(last + 1);
    }
    if (rest.length > 0) {
      // The stream may reuse its buffer for the next chunk.
      pending.push(rest.slice());
      pendingBytes += rest.length;
      if (pendingBytes > maxLineBytes + 1) {
        lines.push(tooLong(next + lines.length));
        pending = [];
        pendingBytes = 0;
        skippingLong = true;
      }
    }
    return lines;
  };

  let head: Uint8Array | undefined = new Uint8Array(0);
  const openHead = (): Uint8Array => {
    const opened = head as Uint8Array;
    head = undefined;
    return opened.subarray(checkHead(opened.subarray(0, HEAD_BYTES), options));
  };
  for await (let chunk of stream) {
    if (head) {
      const longer: Uint8Array = new Uint8Array(head.length + chunk.length);
      longer.set(head);
      longer.set(chunk, head.length);
      head = longer;
      if (head.length < HEAD_BYTES) continue;
      chunk = openHead();
    }
    const lines = accept(chunk);
    if (lines.length > 0) yield { first: next, lines, unterminated: false };
    next += lines.length;
  }
  if (head) {
    const lines = accept(openHead());
    if (lines.length > 0) yield { first: next, lines, unterminated: false };
    next += lines.length;
  }
  if (pendingBytes > 0) yield { first: next, lines: [decodeOne(join(), next)], unterminated: true };
}
