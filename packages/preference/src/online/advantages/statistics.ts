/** Mean of the numbers that are not NaN; NaN where there are none. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    sum += values[i]!;
    count++;
  }
  return sum / count;
}

/** Standard deviation of the numbers that are not NaN, as of a sample (n − 1); NaN for fewer than two. */
export function deviationOf(values: ArrayLike<number>): number {
  const mean = meanOf(values);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    sum += (values[i]! - mean) ** 2;
    count++;
  }
  return count < 2 ? NaN : Math.sqrt(sum / (count - 1));
}

/** Numbers in groups of `size`, by name of who asks. */
export function groupsOf(name: string, values: ArrayLike<number>, size: number): number[][] {
  if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`${name}: expected samples to be a whole number from 1 on but found ${size}`);
  if (values.length === 0 || values.length % size !== 0) {
    throw new RangeError(`${name}: expected rewards of ${size} completions for each prompt but found ${values.length} in all. Give NaN where a completion has none.`);
  }
  return Array.from({ length: values.length / size }, (_, i) => Array.from({ length: size }, (_, j) => values[i * size + j]!));
}
