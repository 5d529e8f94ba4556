import { LoraError } from '../errors.ts';

/** Which values of several updates have the sign that most of them have: by the sum of the values, or by how many. */
export type MajoritySign = 'total' | 'frequency';

/** Throws unless a share of values that stay can be meant. */
export function checkDensity(density: number): number {
  if (!(density > 0 && density <= 1)) throw new RangeError(`combine: expected 0 < density ≤ 1 but found ${density}. It is the share of values that stay; 0.2 to 0.5 are usual.`);
  return density;
}

/** The values of largest magnitude, ⌊density · count⌋ of them; the others become 0. */
export function pruneSmall(values: Float32Array, density: number): Float32Array {
  const count = Math.floor(checkDensity(density) * values.length);
  if (count >= values.length) return values;
  const order = [...values.keys()].sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!));
  const kept = new Float32Array(values.length);
  for (const i of order.slice(0, count)) kept[i] = values[i]!;
  return kept;
}

/** Each value stays with probability `density` and is then divided by it, so that nothing changes on average. */
export function pruneRandomly(values: Float32Array, density: number, uniform: () => number): Float32Array {
  checkDensity(density);
  return density === 1 ? values : values.map((value) => (uniform() < density ? value / density : 0));
}

/** Σ weight · values. */
export function weightedSum(updates: readonly Float32Array[], weights: readonly number[]): Float32Array {
  const sum = new Float32Array(updates[0]!.length);
  updates.forEach((values, k) => values.forEach((value, i) => { sum[i]! += Math.fround(weights[k]!) * value; }));
  return sum;
}

/**
 * TIES: of several updates only the values with the sign that most have, weighted, averaged over how many those are.
 *
 * Yadav et al. 2023, https://arxiv.org/abs/2306.01708
 */
export function disjointMean(updates: readonly Float32Array[], weights: readonly number[], majority: MajoritySign): Float32Array {
  if (updates.some((values) => values.length !== updates[0]!.length)) throw new LoraError('E_ADAPTER', 'combine: expected matrices of one shape but found several. Combine adapters of one rank, or by svd.');
  return updates[0]!.map((_, i) => {
    const vote = updates.reduce((sum, values) => sum + (majority === 'total' ? values[i]! : Math.sign(values[i]!)), 0);
    const sign = vote >= 0 ? 1 : -1;
    let [sum, count] = [0, 0];
    updates.forEach((values, k) => {
      if (Math.sign(values[i]!) !== sign) return;
      sum += weights[k]! * values[i]!;
      count++;
    });
    return sum / Math.max(1, count);
  });
}
