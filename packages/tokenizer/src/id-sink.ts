/** A growing list of ids. */
export interface IdSink {
  push(id: number): void;
  /** How many ids it holds. */
  count(): number;
  /** The list itself with room for `more` ids behind those that it holds, good until it is asked again: {@link settle} follows. */
  room(more: number): Uint32Array;
  /** Says that it holds `count` ids now. */
  settle(count: number): void;
  /** How many ids are wanted; more need not be pushed. */
  readonly most: number;
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
    count: () => count,
    room(more) {
      if (count + more > ids.length) reserve(more);
      return ids;
    },
    settle(now) {
      count = now;
    },
    most,
    full: () => count >= most,
    finish: () => ids.slice(0, Math.min(count, most)),
  };
}
