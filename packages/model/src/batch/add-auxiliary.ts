import { abs, add, cast, div, minimum, mul, sub, sum, type Tensor } from '@llm/tensor';

/**
 * The loss of a batch with what the architecture adds to its mean, as `ApplyOptions.auxiliary` gave it, by the batch's share of all
 * targets of a step, so that micro-batches give the mean over what they add, each as it counts.
 *
 *   L = loss + added · (targets that are not ignored) / denominator
 *
 * The targets are counted where they are, since a recorded step must not depend on a number of the batch.
 *
 * @example
 * ```ts
 * import { addAuxiliary } from '@llm/model';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const loss = addAuxiliary(tensor(2), tensor(0.5), { targets: tensor([3, -100], [1, 2], 'int32'), denominator: 4 });
 * if (loss.dataSync()[0] !== 2 + 0.5 / 4) throw new Error('one target of four');
 * ```
 */
export function addAuxiliary(
  loss: Tensor, added: Tensor | undefined, { targets, denominator, ignoreIndex = -100 }: { targets: Tensor; denominator: number | Tensor; ignoreIndex?: number },
): Tensor {
  if (added === undefined) return loss;
  const counted = sum(minimum(abs(sub(cast(targets, 'float32'), ignoreIndex)), 1));
  return add(loss, mul(added, div(counted, denominator)));
}
