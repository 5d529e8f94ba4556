/** Computes once what several stored tensors are parts of, and forgets it when the last of them was written. */
export function shared<T>(compute: () => Promise<T>, readers: number): () => Promise<T> {
  let held: Promise<T> | undefined;
  let left = readers;
  return () => {
    held ??= compute();
    const current = held;
    if (--left === 0) {
      held = undefined;
      left = readers;
    }
    return current;
  };
}
