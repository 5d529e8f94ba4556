/** A growing list of ids. */
export interface IdSink {
  push(id: number): void;
  pushAll(ids: Int32Array, start: number, end: number): void;
  /** Whether more ids than wanted need not be pushed. */
  full(): boolean;
  /** A copy of what was pushed, the first `most`. */
  finish(): Uint32Array;
}

/** An empty {@link IdSink} with room for `capacity` ids to begin with, of which `most` are wanted. */
export function idSink(capacity: number, most: number = Infinity): IdSink {
  let ids = new Uint32Array(capacity);
  let count = 0;
  const reserve = (more: number): void => {
    const larger = new Uint32Array(Math.max(count + more, ids.length * 2));
    larger.set(ids);
    ids = larger;
  };
  return {
    push(id) {
      if (count === ids.length) reserve(1);
      ids[count++] = id;
    },
    pushAll(from, start, end) {
      if (count + end - start > ids.length) reserve(end - start);
      for (let i = start; i < end; i++) ids[count++] = from[i]!;
    },
    full: () => count >= most,
    finish: () => ids.slice(0, Math.min(count, most)),
  };
}
