import { add, differentiable, div, exp, log, max, mean, mul, reshape, square, sub, sum, type Tensor, tensor, valuesInPlace } from '@llm/tensor';
import { IGNORED } from './packing/pack-documents.ts';

/**
 * Cross-entropy of logits, for heads that apply themselves and so cannot be fused with it. Stores one more tensor like the logits.
 *
 *   L = Σ_rows (logsumexp(z) − (1 − ε) z_target − ε · mean(z) + zLoss · logsumexp(z)²) / denominator
 *
 * logits [..., vocabulary], targets int32 of as many rows, −100 where none → scalar.
 */
export function crossEntropy(
  logits: Tensor,
  targets: Int32Array,
  { denominator, labelSmoothing = 0, zLoss = 0 }: { readonly denominator: number | Tensor; readonly labelSmoothing?: number; readonly zLoss?: number },
): Tensor {
  const rows = targets.length;
  const vocab = logits.size / rows;
  const kept = tensor(Float32Array.from(targets, (target) => Number(target !== IGNORED)), [rows, 1]);
  return differentiable({
    inputs: { logits },
    forward(save) {
      const z = reshape(logits, [rows, vocab]);
      const top = max(z, -1, true);
      const logSum = add(log(sum(exp(sub(z, top)), -1, true)), top);
      save([z, logSum, kept]);
      const values = valuesInPlace(z);
      const atTarget = tensor(Float32Array.from(targets, (target, row) => (target === IGNORED ? 0 : values[row * vocab + target]!)), [rows, 1]);
      const smooth = labelSmoothing === 0 ? mul(atTarget, 1) : add(mul(atTarget, 1 - labelSmoothing), mul(mean(z, -1, true), labelSmoothing));
      const loss = add(sub(logSum, smooth), mul(square(logSum), zLoss));
      return div(sum(mul(loss, kept)), denominator);
    },
    backward: (dy, [z, logSum, kept]) => ({
      logits: () => {
        const factor = mul(kept!, div(dy, denominator));
        const weight = add(mul(logSum!, 2 * zLoss), 1);
        const soft = sub(mul(exp(sub(z!, logSum!)), weight), labelSmoothing / vocab);
        const values = valuesInPlace(soft);
        targets.forEach((target, row) => { if (target !== IGNORED) values[row * vocab + target]! -= 1 - labelSmoothing; });
        return reshape(mul(soft, factor), logits.shape);
      },
    }),
  });
}
