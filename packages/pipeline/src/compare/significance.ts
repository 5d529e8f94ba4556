/** What the difference between two runs over the same items means. */
export interface Significance {
  readonly metric: string;
  readonly pair: readonly [string, string];
  readonly items: number;
  /** Mean of the second less mean of the first. */
  readonly difference: number;
  readonly interval: readonly [number, number];
  readonly p: number;
}
