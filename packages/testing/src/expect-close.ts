/** The largest absolute and relative difference of two equally long arrays, and where the worst one is. */
export interface MaxError {
  readonly absolute: number;
  readonly relative: number;
  readonly index: number;
}

/**
 * Compares two arrays element by element.
 *
 *   error_i = |a_i − b_i| / max(1, |b_i|)
 *
 * so that one bound serves small and large values alike. A NaN on one side only counts as infinitely wrong.
 */
export function maxError(actual: ArrayLike<number>, expected: ArrayLike<number>): MaxError {
  if (actual.length !== expected.length) {
    throw new RangeError(`maxError: expected ${expected.length} values but found ${actual.length}`);
  }
  let absolute = 0;
  let relative = 0;
  let index = -1;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const b = expected[i]!;
    if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const difference = Math.abs(a - b);
    const scaled = Number.isFinite(difference) ? difference / Math.max(1, Math.abs(b)) : Infinity;
    if (scaled > relative || index < 0) {
      relative = scaled;
      index = i;
    }
    absolute = Math.max(absolute, Number.isNaN(difference) ? Infinity : difference);
  }
  return { absolute, relative, index };
}

/** Throws when any element of `actual` is further from `expected` than `tolerance`, naming the worst one. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { tolerance = 1e-5, name = 'values' }: { tolerance?: number; name?: string } = {},
): void {
  const { relative, index } = maxError(actual, expected);
  if (!(relative <= tolerance)) {
    throw new Error(
      `expectClose: expected ${name}[${index}] within ${tolerance} of ${expected[index]} but found ${actual[index]} `
      + `(error ${relative.toExponential(2)})`,
    );
  }
}
