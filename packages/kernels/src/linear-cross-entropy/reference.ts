import type { Sizes } from '../kernel.ts';

interface Io {
  readonly hidden: Float64Array; readonly weight: Float64Array; readonly targets: Float64Array;
  readonly rowScale: Float64Array | undefined; readonly bias: Float64Array | undefined;
  readonly loss: Float64Array; readonly dhidden: Float64Array | undefined; readonly dweight: Float64Array | undefined;
  readonly dbias: Float64Array | undefined; readonly entropy: Float64Array | undefined; readonly correct: Float64Array | undefined;
}

interface Uniforms { readonly ignoreIndex: number; readonly labelSmoothing: number; readonly zLoss: number; readonly temperature: number; readonly softCap: number }

/** With z = cap(hidden · weightᵀ + bias) / temperature: loss = lse − (1 − ε) z_t − ε · mean(z) + zLoss · lse², and the gradients of Σ rowScale · loss. */
export function linearCrossEntropyReference(
  { hidden, weight, targets, rowScale, bias, loss, dhidden, dweight, dbias, entropy, correct }: Io,
  { rows = 0, width = 0, vocab = 0 }: Sizes,
  { ignoreIndex, labelSmoothing, zLoss, temperature, softCap }: Uniforms,
): void {
  dhidden?.fill(0);
  dweight?.fill(0);
  dbias?.fill(0);
  const z = new Float64Array(vocab);
  for (let r = 0; r < rows; r++) {
    const target = targets[r]!;
    if (target === ignoreIndex) {
      for (const port of [loss, entropy, correct]) if (port !== undefined) port[r] = 0;
      continue;
    }
    let most = -Infinity;
    let mean = 0;
    let best = 0;
    for (let j = 0; j < vocab; j++) {
      let sum = bias?.[j] ?? 0;
      for (let i = 0; i < width; i++) sum += hidden[r * width + i]! * weight[j * width + i]!;
      z[j] = (softCap > 0 ? softCap * Math.tanh(sum / softCap) : sum) / temperature;
      mean += z[j]! / vocab;
      if (z[j]! > most) { most = z[j]!; best = j; }
    }
    let total = 0;
    for (const value of z) total += Math.exp(value - most);
    const logSum = most + Math.log(total);
    if (entropy !== undefined) entropy[r] = z.reduce((sum, value) => sum + Math.exp(value - logSum) * (logSum - value), 0);
    const own = z[target] ?? NaN;
    if (correct !== undefined) correct[r] = target === best ? 1 : 0;
    loss[r] = logSum - (1 - labelSmoothing) * own - (labelSmoothing === 0 ? 0 : labelSmoothing * mean) + zLoss * logSum ** 2;
    const scale = (rowScale?.[r] ?? 1) / temperature;
    for (let j = 0; j < vocab; j++) {
      const p = Math.exp(z[j]! - logSum);
      let g = scale * (p * (1 + 2 * zLoss * logSum) - labelSmoothing / vocab - (j === target ? 1 - labelSmoothing : 0));
      if (softCap > 0) g *= 1 - ((z[j]! * temperature) / softCap) ** 2;
      if (Number.isNaN(own)) g = NaN;
      if (dbias !== undefined) dbias[j]! += g;
      for (let i = 0; i < width; i++) {
        if (dhidden !== undefined) dhidden[r * width + i]! += g * weight[j * width + i]!;
        if (dweight !== undefined) dweight[j * width + i]! += g * hidden[r * width + i]!;
      }
    }
  }
}
