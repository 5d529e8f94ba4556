import { concat, div, mul, onesLike, reshape, slice, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { backward, record } from '../autodiff/tape.ts';
import { needsGradient, whileTraining } from '../autodiff/training.ts';
import type { Weight } from '../tree/weight.ts';
import { linear } from './linear.ts';
import { chunksOf, linearLoss, type RowRange } from './linear-loss.ts';
import { rowLosses, type RowLosses } from './row-losses.ts';

/**
 * `rowLosses` of the logits of a head that applies itself, of some rows at a time, in the backward pass once more.
 *
 * hidden [..., width], targets int32 [rows] → [rows].
 */
export function chunkedLosses(
  hidden: Tensor, head: Weight, targets: Tensor, { temperature, ...settings }: { ignoreIndex: number; temperature: number; entropies: boolean },
): RowLosses {
  const [vocab = 0, width = 0] = head.shape;
  const rows = targets.size;
  const names = Object.keys(head.tensors);
  const learns = [hidden, ...Object.values(head.tensors)].map(needsGradient);
  const lossesOf = (logits: Tensor, ids: Tensor, { from, count }: RowRange, entropies: boolean): RowLosses => (
    rowLosses(temperature === 1 ? logits : div(logits, temperature), slice(ids, [from], [count]), { ...settings, entropies })
  );
  const [losses, entropies] = differentiable<Tensor[]>({
    inputs: { hidden, ...head.tensors },
    forward: (save) => {
      save([targets, hidden, ...Object.values(head.tensors)]);
      const states = reshape(hidden, [rows, width]);
      const chunks = chunksOf(rows, vocab).map((range) => tidy(() => {
        const found = lossesOf(linear(slice(states, [range.from, 0], [range.count, width]), head), targets, range, settings.entropies);
        return [found.losses, ...(found.entropies === undefined ? [] : [found.entropies])];
      }));
      return chunks[0]!.map((_, i) => concat(chunks.map((found) => found[i]!), 0));
    },
    // The gradient of Σ dy · loss.
    backward: ([dy], [ids, ...saved]) => {
      const again = head.with(Object.fromEntries(names.map((name, i) => [name, saved[i + 1]!])));
      const xs = saved.filter((_, i) => learns[i]);
      const { result, tape } = whileTraining(xs, () => record(() => (
        linearLoss(saved[0]!, again, (logits, range) => sum(mul(lossesOf(logits, ids!, range, false).losses, slice(dy!, [range.from], [range.count]))))
      )));
      const gradients = backward(tape, [result], [onesLike(result)], xs);
      return Object.fromEntries(['hidden', ...names].map((name, i) => [name, () => gradients[xs.indexOf(saved[i]!)]!]));
    },
  });
  return { losses: losses!, entropies };
}
