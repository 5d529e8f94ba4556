/** `from` included, `to` excluded; the last bin of a bounded scale includes its end. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface HistogramReport {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of all values, so that reports can be added up. */
  readonly sum: number;
  /** Those that hold something, in order. */
  readonly bins: readonly Bin[];
}

export interface Histogram {
  add(value: number): void;
  /** Takes in the values of another histogram of the same threshold, by its report. */
  merge(report: HistogramReport): void;
  report(): HistogramReport;
}

/** A measured value as JSON can hold it: a score that is infinite counts as the largest number. */
export const finite = (value: number): number => Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);

/** For a fraction (threshold of at most 1) bins of 0.05; for a count or a length 1, 2, 5, 10, 20, 50, …: never many bins. */
export function histogram(threshold: number): Histogram {
  const counts = new Map<number, number>();
  const isFraction = threshold <= 1;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let times = 0;

  // Integer keys, so that no bin is lost to rounding: twentieths, or 3 × decade + {0, 1, 2}.
  const keyOf = (value: number): number => {
    if (isFraction) return Math.floor(Math.min(Math.max(value, -1e6), 1e6) * 20 + 1e-9);
    if (!(value >= 1)) return -1;
    const decade = Math.min(Math.floor(Math.log10(value) + 1e-12), 300);
    const lead = value / 10 ** decade;
    return 3 * decade + (lead >= 5 ? 2 : lead >= 2 ? 1 : 0);
  };
  const edge = (key: number): number => {
    if (isFraction) return key / 20;
    return key < 0 ? 0 : ([1, 2, 5][key % 3] ?? 1) * 10 ** Math.floor(key / 3);
  };

  return {
    merge(report) {
      sum = finite(sum + report.sum);
      min = Math.min(min, report.min);
      max = Math.max(max, report.max);
      for (const { from, to, count } of report.bins) {
        // From the middle, which no rounding moves into another bin; below 1 all is one bin.
        const key = keyOf((from + to) / 2);
        counts.set(key, (counts.get(key) ?? 0) + count);
        times += count;
      }
    },
    add(measured) {
      const value = finite(measured);
      times++;
      sum = finite(sum + value);
      min = Math.min(min, value);
      max = Math.max(max, value);
      const key = keyOf(value);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    report: () => ({
      min,
      max,
      mean: sum / times,
      sum,
      bins: [...counts].sort(([a], [b]) => a - b).map(([key, count]) => ({ from: edge(key), to: edge(key + 1), count })),
    }),
  };
}
