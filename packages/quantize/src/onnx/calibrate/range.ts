/** The least and the greatest state that get a code of their own; what lies beyond is cut off. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Sees the states before one matrix, batch by batch, and says which range to keep. */
export interface RangeFinder {
  see(values: Float32Array): void;
  range(): Range;
}

/** A way to choose ranges. */
export interface RangeMethod {
  readonly name: string;
  start(): RangeFinder;
}

/** The extremes of finite values. */
export function extremesOf(values: Float32Array): Range {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** The range that holds both. */
export const wider = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });
/** What is seen lies within it. */
export const NOTHING: Range = { min: Infinity, max: -Infinity };
