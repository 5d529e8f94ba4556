/** A growing list of ids. */
export interface IdSink {
  push(id: number): void;
  pushAll(ids: Int32Array, start: number, end: number): void;
  /** A copy of what was pushed. */
  finish(): Uint32Array;
}

/** An empty {@link IdSink} with room for `capacity` ids to begin with. */
export function idSink(capacity: number): IdSink {
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
    finish: () => ids.slice(0, count),
  };
}
