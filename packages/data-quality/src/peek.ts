/** The beginning of a stream. */
export interface Peeked {
  /** All of it, what was looked at too. */
  readonly bytes: AsyncGenerator<Uint8Array>;
  /** Ends the stream where `bytes` is not gone through: a generator that was never started closes nothing. */
  close(): Promise<void>;
}

const LF = 10;
const MARK_BYTES = 3;
const BEGINNING_BYTES = 4096;
const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13) || byte === 0xef || byte === 0xbb || byte === 0xbf;
const LINES = new Uint8Array(4096).fill(LF);

/** What was held of a stream, and after it the rest. */
function goingOn(chunks: AsyncIterator<Uint8Array>, held: () => Iterable<Uint8Array>): Peeked {
  const close = async (): Promise<void> => void (await chunks.return?.());
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* held();
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    } finally {
      await close();
    }
  };
  return { bytes: bytes(), close };
}

/** Reads a stream up to the first chunk that is enough; `head` are copies of the chunks so far. */
export async function peek(stream: AsyncIterable<Uint8Array>, isEnough: (chunk: Uint8Array) => boolean): Promise<Peeked & { readonly head: readonly Uint8Array[] }> {
  const chunks = stream[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    // A chunk is valid until the next is asked for.
    head.push(next.value.slice());
    if (isEnough(next.value)) break;
  }
  return { head, ...goingOn(chunks, () => head.splice(0)) };
}

/**
 * Reads a stream up to its first byte that is neither white space nor a mark of byte order, and on to the end of that line or some kilobytes;
 * `begins` is that, empty where there is nothing. Of chunks of white space alone no more is kept than how many lines they end, of which there may be billions.
 */
export async function peekPastSpace(stream: AsyncIterable<Uint8Array>): Promise<Peeked & { readonly begins: Uint8Array }> {
  const chunks = stream[Symbol.asyncIterator]();
  // The mark of byte order, whole even where chunks cut it.
  const start: number[] = [];
  let lines = 0;
  let next = await chunks.next();
  for (; !next.done && next.value.every(isSpace); next = await chunks.next()) {
    for (const byte of next.value) {
      if (start.length < MARK_BYTES) start.push(byte);
      else if (byte === LF) lines++;
    }
  }
  const held: Uint8Array[] = [];
  const begins: number[] = [];
  for (; !next.done; next = await chunks.next()) {
    held.push(next.value.slice());
    const from = begins.length > 0 ? 0 : next.value.findIndex((byte) => !isSpace(byte));
    for (const byte of next.value.subarray(from)) if (begins.length < BEGINNING_BYTES && begins.at(-1) !== LF) begins.push(byte);
    if (begins.length >= BEGINNING_BYTES || begins.at(-1) === LF) break;
  }
  return {
    begins: Uint8Array.from(begins),
    ...goingOn(chunks, function* () {
      yield Uint8Array.from(start);
      for (let left = lines; left > 0; left -= LINES.length) yield LINES.subarray(0, left);
      yield* held.splice(0);
    }),
  };
}
