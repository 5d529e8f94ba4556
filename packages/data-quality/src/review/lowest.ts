export interface Lowest<T> {
  add(value: T): void;
  /** Lowest first. */
  sorted(): T[];
}

/** The `most` values with the lowest keys, in memory for twice as many. */
export function lowest<T>(most: number, keyOf: (value: T) => readonly [number, number]): Lowest<T> {
  let values: T[] = [];
  let bound: readonly [number, number] = [Infinity, Infinity];
  const compare = (a: readonly [number, number], b: readonly [number, number]): number => (a[0] === b[0] ? a[1] - b[1] : a[0] - b[0]);
  const cut = (): void => {
    values = values.sort((a, b) => compare(keyOf(a), keyOf(b))).slice(0, most);
    if (values.length === most) bound = keyOf(values[most - 1] as T);
  };
  return {
    add(value) {
      if (compare(keyOf(value), bound) > 0) return;
      values.push(value);
      if (values.length >= 2 * most) cut();
    },
    sorted() {
      cut();
      return [...values];
    },
  };
}
