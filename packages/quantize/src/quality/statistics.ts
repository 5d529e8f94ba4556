/** How values are spread; percentiles lie on the line between the two nearest values. */
export interface Spread {
  readonly mean: number;
  readonly maximum: number;
  readonly '99.9%': number;
  readonly '99%': number;
  readonly '95%': number;
  readonly '90%': number;
  readonly median: number;
  readonly '10%': number;
  readonly '5%': number;
  readonly '1%': number;
  readonly '0.1%': number;
  readonly minimum: number;
}

/** The value below which a share of sorted values lies. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (at - below) * (high - low);
}

/** Mean, ends and percentiles of some values. */
export function spread(values: ArrayLike<number>): Spread {
  const sorted = Float64Array.from(values).sort();
  const of = (share: number): number => percentile(sorted, share);
  return {
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    maximum: sorted.at(-1)!, '99.9%': of(0.999), '99%': of(0.99), '95%': of(0.95), '90%': of(0.9), median: of(0.5), '10%': of(0.1), '5%': of(0.05), '1%': of(0.01), '0.1%': of(0.001),
    minimum: sorted[0]!,
  };
}

/** Pearson's correlation; 1 for a model with itself. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - ma) * (b[i]! - mb);
    aa += (value - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}
