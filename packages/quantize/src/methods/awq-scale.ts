import type { Matrix } from '../linalg/matrix.ts';

/** Shares of the way from no scaling by activity to all of it that are tried. */
const GRID = 20;

/** The mean size of the weights of each input, each relative to the largest of its group. */
export function meanWeights(matrices: readonly Matrix<Float32Array>[], groupSize: number): Float64Array {
  const inputs = matrices[0]!.cols;
  const sums = new Float64Array(inputs);
  let rows = 0;
  for (const { rows: count, values } of matrices) {
    rows += count;
    for (let g = 0; g < values.length / groupSize; g++) {
      let largest = 0;
      for (let i = g * groupSize; i < (g + 1) * groupSize; i++) largest = Math.max(largest, Math.abs(values[i]!));
      for (let i = g * groupSize; i < (g + 1) * groupSize; i++) sums[i % inputs]! += Math.abs(values[i]!) / (largest + 1e-6);
    }
  }
  return sums.map((sum) => sum / rows);
}

/**
 * Factors for the inputs of a layer, so that what the active ones are multiplied with is rounded more finely: of 20 shares the one with
 * the least loss.
 *
 *   s = mean|x|^r / (mean|w|^(1−r) + 10⁻⁴), without `duoScaling` mean|x|^r;  s ← s / √(max s · min s)
 */
export async function bestScales(
  { meanInputs, meanWeights, duoScaling }: { meanInputs: ArrayLike<number>; meanWeights: ArrayLike<number>; duoScaling: boolean }, lossOf: (scales: Float32Array) => Promise<number>,
): Promise<Float32Array> {
  let best: { loss: number; scales: Float32Array } | undefined;
  for (let step = 0; step < GRID; step++) {
    const ratio = step / GRID;
    const raw = Float32Array.from(meanInputs, (x, i) => Math.max(1e-4, x ** ratio / (duoScaling ? meanWeights[i]! ** (1 - ratio) + 1e-4 : 1)));
    const middle = Math.sqrt(raw.reduce((a, b) => Math.max(a, b)) * raw.reduce((a, b) => Math.min(a, b)));
    const scales = raw.map((value) => value / middle).map((value) => (Number.isFinite(value) && value > 0 ? value : 1));
    const loss = await lossOf(scales);
    if (best === undefined ? Number.isFinite(loss) : loss < best.loss) best = { loss, scales };
  }
  if (best === undefined) throw new RangeError('awq: expected a finite loss for some scaling but found none. Look for weights or inputs that are not finite.');
  return best.scales;
}
