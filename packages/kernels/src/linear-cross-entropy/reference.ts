import type { Sizes } from '../kernel.ts';

interface Io {
  readonly hidden: Float64Array; readonly weight: Float64Array; readonly targets: Float64Array;
  readonly rowScale: Float64Array | undefined; readonly bias: Float64Array | undefined;
  readonly loss: Float64Array; readonly dhidden: Float64Array | undefined; readonly dweight: Float64Array | undefined;
  readonly dbias: Float64Array | undefined; readonly lse: Float64Array | undefined; readonly correct: Float64Array | undefined;
}

interface Uniforms { readonly ignoreIndex: number; readonly labelSmoothing: number; readonly zLoss: number }

/** With z = hidden · weightᵀ + bias: loss = lse − (1 − ε) z_t − ε · mean(z) + zLoss · lse², and the gradients of Σ rowScale · loss. */
export function linearCrossEntropyReference(
  { hidden, weight, targets, rowScale, bias, loss, dhidden, dweight, dbias, lse, correct }: Io,
  { rows = 0, width = 0, vocab = 0 }: Sizes,
  { ignoreIndex, labelSmoothing, zLoss }: Uniforms,
): void {
  dhidden?.fill(0);
  dweight?.fill(0);
  dbias?.fill(0);
  const z = new Float64Array(vocab);
  for (let r = 0; r < rows; r++) {
    let most = -Infinity;
    let mean = 0;
    let best = 0;
    for (let j = 0; j < vocab; j++) {
      let sum = bias?.[j] ?? 0;
      for (let i = 0; i < width; i++) sum += hidden[r * width + i]! * weight[j * width + i]!;
      z[j] = sum;
      mean += sum / vocab;
      if (sum > most) { most = sum; best = j; }
    }
    let total = 0;
    for (const value of z) total += Math.exp(value - most);
    const logSum = most + Math.log(total);
    if (lse !== undefined) lse[r] = logSum;
    const target = targets[r]!;
    const own = z[target] ?? NaN;
    if (correct !== undefined) correct[r] = target !== ignoreIndex && target === best ? 1 : 0;
    if (target === ignoreIndex) {
      loss[r] = 0;
      continue;
    }
    loss[r] = logSum - (1 - labelSmoothing) * own - (labelSmoothing === 0 ? 0 : labelSmoothing * mean) + zLoss * logSum ** 2;
    const scale = rowScale?.[r] ?? 1;
    for (let j = 0; j < vocab; j++) {
      const p = Math.exp(z[j]! - logSum);
      let g = scale * (p * (1 + 2 * zLoss * logSum) - labelSmoothing / vocab - (j === target ? 1 - labelSmoothing : 0));
      if (Number.isNaN(own)) g = NaN;
      if (dbias !== undefined) dbias[j]! += g;
      for (let i = 0; i < width; i++) {
        if (dhidden !== undefined) dhidden[r * width + i]! += g * weight[j * width + i]!;
        if (dweight !== undefined) dweight[j * width + i]! += g * hidden[r * width + i]!;
      }
    }
  }
}
