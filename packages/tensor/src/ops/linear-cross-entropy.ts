import { linearCrossEntropy as kernel } from '@llm/kernels';
import { div, mul, reshape, slice, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { needsGradient } from '../autodiff/training.ts';
import { call } from '../device/call.ts';
import { halfPrecision } from '../device/precision.ts';
import type { Weight } from '../tree/weight.ts';
import { linear } from './linear.ts';
import { linearLoss } from './linear-loss.ts';
import { headSizes, isInBlocks, plainHead } from './plain-head.ts';
import { rowLosses } from './row-losses.ts';

export interface LinearCrossEntropyOptions {
  /** Targets with this id do not count; default −100. */
  readonly ignoreIndex?: number;
  /** ε of label smoothing; default 0. */
  readonly labelSmoothing?: number;
  /** Factor of logsumexp², which keeps logits from drifting; default 0. */
  readonly zLoss?: number;
  /** Divides the sum of the rows' losses; default: how many targets count. Give the global number when accumulating gradients. A scalar tensor is taken as it is. */
  readonly denominator?: number | Tensor;
}

/**
 * Cross-entropy of a linear head, never storing the logits: rows go through in chunks, and gradients are made on the way. Rows whose
 * target is ignored cost nothing. A frozen `Weight` that shows its matrix counts as one; of a `Weight` in row blocks every row goes through, in
 * chunks; the logits of any other are stored.
 *
 *   z = h · Wᵀ;  L = Σ_rows (logsumexp(z) − (1 − ε) z_target − ε · mean(z) + zLoss · logsumexp(z)²) / denominator
 *
 * hidden [..., width], weight [vocabulary, width], targets int32 [...] → scalar.
 * Wijmans et al. 2024, https://arxiv.org/abs/2411.09009
 */
export function linearCrossEntropy(hidden: Tensor, weight: Tensor | Weight, targets: Tensor, options: LinearCrossEntropyOptions = {}): Tensor {
  const { ignoreIndex = -100, labelSmoothing = 0, zLoss = 0 } = options;
  const { rows, width, vocab } = headSizes('linearCrossEntropy', { hidden, weight, targets });
  const counted = options.denominator ?? countTargets(targets, ignoreIndex);
  if (typeof counted === 'number' && !(counted > 0)) {
    throw new RangeError(`linearCrossEntropy: expected at least one target but found all ${rows} ignored (${ignoreIndex}). Check the labels or the mask.`);
  }
  return tidy(() => {
    const head = plainHead(weight);
    if (head === undefined) {
      const ids = reshape(targets, [rows]);
      const settings = { ignoreIndex, labelSmoothing, zLoss };
      if (isInBlocks(weight)) return linearLoss(hidden, weight, (logits, { from, count }) => sum(rowLosses(logits, slice(ids, [from], [count]), settings).losses), { denominator: counted });
      return div(sum(rowLosses(reshape(linear(hidden, weight), [rows, vocab]), ids, settings).losses), counted);
    }
    const wanted = { hidden: needsGradient(hidden), weight: head.trained };
    return differentiable({
      inputs: { hidden, weight: head.matrix },
      forward: (save) => {
        const { loss, dhidden, dweight } = call(kernel, {
          inputs: { hidden, weight: head.matrix, targets }, dims: { rows, width, vocab },
          uniforms: { ignoreIndex, labelSmoothing, zLoss, softCap: head.softCap, precision: Number(halfPrecision()) },
          outputs: { loss: true, dhidden: wanted.hidden ? hidden.shape : undefined, dweight: wanted.weight ? head.matrix.shape : undefined },
        });
        save([dhidden, dweight, ...(typeof counted === 'number' ? [] : [counted])].filter((tensor) => tensor !== undefined));
        return div(sum(loss), counted);
      },
      backward: (dy, saved) => {
        const factor = div(dy, counted);
        return {
          hidden: () => mul(saved[0]!, factor),
          weight: () => mul(saved[wanted.hidden ? 1 : 0]!, factor),
        };
      },
    });
  });
}

function countTargets(targets: Tensor, ignoreIndex: number): number {
  let count = 0;
  for (const id of targets.dataSync()) if (id !== ignoreIndex) count++;
  return count;
}
