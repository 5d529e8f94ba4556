/**
 * Centres and scales the numbers that count; the others become 0.
 *
 *   (x − mean) / √(variance + 1e-8), with the variance of a sample (n − 1)
 *
 * `shiftMean: false` gives the mean back, as PPO does with rewards.
 *
 * @throws RangeError for fewer than two numbers that count.
 */
export function whiten(values: ArrayLike<number>, { counts, shiftMean = true }: { counts?: ArrayLike<boolean>; shiftMean?: boolean } = {}): Float64Array {
  const kept = Array.from(values, (_, i) => counts?.[i] ?? true);
  const count = kept.filter(Boolean).length;
  if (count < 2) throw new RangeError(`whiten: expected at least two numbers that count but found ${count}. Use more completions a batch.`);
  const total = (term: (x: number) => number): number => kept.reduce((sum, counted, i) => (counted ? sum + term(values[i]!) : sum), 0);
  const mean = total((x) => x) / count;
  const scale = 1 / Math.sqrt(total((x) => (x - mean) ** 2) / (count - 1) + 1e-8);
  return Float64Array.from(kept, (counted, i) => (counted ? (values[i]! - mean) * scale + (shiftMean ? 0 : mean) : 0));
}
