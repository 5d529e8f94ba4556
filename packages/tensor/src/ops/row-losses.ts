import {
  add, cast, exp, gather, greaterEqual, less, log, logicalOr, max, maximum, mean, minimum, mul, neg, notEqual, reshape, square, sub, sum, type Tensor, tensor, where,
} from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { writeRows } from '../device/in-place.ts';

export interface RowLosses {
  readonly losses: Tensor;
  readonly entropies: Tensor | undefined;
}

/**
 * Cross-entropy of each row of logits, for heads that apply themselves and so cannot be fused with it. Keeps one tensor like the
 * logits for the backward pass. Entropies carry no gradient.
 *
 *   l = logsumexp(z) − (1 − ε) z_target − ε · mean(z) + zLoss · logsumexp(z)²
 *
 * logits [rows, vocabulary], targets int32 [rows] → [rows]; 0 where the target is ignored, NaN where it is outside the vocabulary.
 */
export function rowLosses(
  logits: Tensor, targets: Tensor,
  { ignoreIndex, labelSmoothing = 0, zLoss = 0, entropies = false }: { ignoreIndex: number; labelSmoothing?: number; zLoss?: number; entropies?: boolean },
): RowLosses {
  const [rows = 0, vocab = 0] = logits.shape;
  const starts = tensor(Int32Array.from({ length: rows }, (_, row) => row * vocab), [rows], 'int32');
  const [losses, found] = differentiable<Tensor[]>({
    inputs: { logits },
    forward(save) {
      const counts = notEqual(targets, ignoreIndex);
      const known = where(counts, targets, 0);
      const outside = logicalOr(less(known, 0), greaterEqual(known, vocab));
      const kept = reshape(where(outside, NaN, cast(counts, 'float32')), [rows, 1]);
      const column = cast(minimum(maximum(known, 0), Math.max(0, vocab - 1)), 'int32');
      const place = add(column, starts);
      const top = max(logits, -1, true);
      const logSum = add(log(sum(exp(sub(logits, top)), -1, true)), top);
      save([logits, logSum, kept, column, place]);
      const own = reshape(gather(reshape(logits, [rows * vocab]), place), [rows, 1]);
      const smooth = labelSmoothing === 0 ? own : add(mul(own, 1 - labelSmoothing), mul(mean(logits, -1, true), labelSmoothing));
      const each = mul(add(sub(logSum, smooth), mul(square(logSum), zLoss)), kept);
      if (!entropies) return [reshape(each, [rows])];
      const logs = sub(logits, logSum);
      return [reshape(each, [rows]), mul(neg(sum(mul(exp(logs), logs), -1)), cast(counts, 'float32'))];
    },
    backward: ([dy], [z, logSum, kept, column, place]) => ({
      logits: () => {
        const weight = add(mul(logSum!, 2 * zLoss), 1);
        const soft = sub(mul(exp(sub(z!, logSum!)), weight), labelSmoothing / vocab);
        const own = sub(gather(reshape(soft, [rows * vocab]), place!), 1 - labelSmoothing);
        writeRows(reshape(soft, [rows, vocab, 1]), reshape(own, [rows, 1, 1]), column!);
        return mul(soft, mul(kept!, reshape(dy!, [rows, 1])));
      },
    }),
  });
  return { losses: losses!, entropies: found };
}
