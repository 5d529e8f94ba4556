/** An Int32Array that grows: half the memory of number[] and no limit of pushes. */
export interface GrowingArray {
  push(value: number): void;
  append(values: ArrayLike<number>): void;
  readonly length: number;
  /** The values so far, cut to length. */
  finish(): Int32Array;
}

/** An empty growing array. */
export function growingArray(): GrowingArray {
  let values = new Int32Array(1024);
  let length = 0;
  const reserve = (needed: number): void => {
    if (needed <= values.length) return;
    const larger = new Int32Array(Math.max(needed, values.length * 2));
    larger.set(values);
    values = larger;
  };
  return {
    push(value) {
      reserve(length + 1);
      values[length++] = value;
    },
    append(more) {
      reserve(length + more.length);
      values.set(more, length);
      length += more.length;
    },
    get length() { return length; },
    finish: () => values.slice(0, length),
  };
}
