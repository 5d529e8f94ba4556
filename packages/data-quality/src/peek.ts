/** The beginning of a stream. */
export interface Peeked {
  /** Copies of its first chunks. */
  readonly head: readonly Uint8Array[];
  /** All of it, the first chunks too. */
  readonly bytes: AsyncGenerator<Uint8Array>;
  /** Ends the stream where `bytes` is not gone through: a generator that was never started closes nothing. */
  close(): Promise<void>;
}

/** Reads a stream up to the first chunk that is enough. */
export async function peek(stream: AsyncIterable<Uint8Array>, isEnough: (chunk: Uint8Array) => boolean): Promise<Peeked> {
  const chunks = stream[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    // A chunk is valid until the next is asked for.
    head.push(next.value.slice());
    if (isEnough(next.value)) break;
  }
  const close = async (): Promise<void> => void (await chunks.return?.());
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* head.splice(0);
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    } finally {
      await close();
    }
  };
  return { head, bytes: bytes(), close };
}
