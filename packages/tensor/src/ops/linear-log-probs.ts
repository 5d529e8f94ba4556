import { linearCrossEntropy as kernel } from '@llm/kernels';
import { div, reshape, sub, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { scope } from '../autodiff/scope.ts';
import { needsGradient } from '../autodiff/training.ts';
import { call } from '../device/call.ts';
import { halfPrecision } from '../device/precision.ts';
import type { Weight } from '../tree/weight.ts';
import { linear } from './linear.ts';
import { chunkedLosses } from './chunked-losses.ts';
import { headSizes, isInBlocks, plainHead } from './plain-head.ts';
import { rowLosses } from './row-losses.ts';

export interface LinearLogProbsOptions {
  /** Targets with this id do not count and give 0; default −100. */
  readonly ignoreIndex?: number;
  /** Divides the logits; default 1. */
  readonly temperature?: number;
  /** Also gives the entropy of each row's distribution, without a gradient; default false. */
  readonly entropies?: boolean;
}

export interface LogProbs {
  /** ln p(target) of each row; shape of the rows of states. */
  readonly logProbs: Tensor;
  /** −Σ p ln p of each row, in nats, 0 where the target is ignored; undefined unless it was asked for. */
  readonly entropies: Tensor | undefined;
}

/**
 * Log-probabilities of targets under a linear head, never storing the logits: rows go through in chunks, in the backward pass once
 * more. Rows whose target is ignored cost nothing. A frozen `Weight` that shows its matrix counts as one; of a `Weight` in row blocks every
 * row goes through, in chunks; the logits of any other are stored.
 *
 *   z = h · Wᵀ / temperature;  logp = z_target − logsumexp(z)
 *
 * hidden [..., width], weight [vocabulary, width], targets int32 [...], as an array or a tensor → [...], 0 where the target is
 * ignored, NaN where it is outside the vocabulary.
 *
 * @throws RangeError for shapes that do not fit, and for a temperature that is not above 0.
 */
export function linearLogProbs(hidden: Tensor, weight: Tensor | Weight, targets: Int32Array | Tensor, options: LinearLogProbsOptions = {}): LogProbs {
  const { ignoreIndex = -100, temperature = 1, entropies = false } = options;
  if (!(temperature > 0)) throw new RangeError(`linearLogProbs: expected a temperature above 0 but found ${temperature}. Take the largest logit instead of sampling.`);
  return scope(() => logProbsOf(hidden, weight, 'dataId' in targets ? targets : tensor(targets, [targets.length], 'int32'), { ignoreIndex, temperature, entropies }));
}

function logProbsOf(hidden: Tensor, weight: Tensor | Weight, ids: Tensor, { ignoreIndex, temperature, entropies }: Required<LinearLogProbsOptions>): LogProbs {
  const { rows, width, vocab } = headSizes('linearLogProbs', { hidden, weight, targets: ids });
  const shape = hidden.shape.slice(0, -1);
  const head = plainHead(weight);
  if (isInBlocks(weight)) {
    const found = chunkedLosses(hidden, weight, reshape(ids, [rows]), { ignoreIndex, temperature, entropies });
    return { logProbs: reshape(sub(0, found.losses), shape), entropies: found.entropies && reshape(found.entropies, shape) };
  }
  if (head === undefined) {
    const logits = reshape(linear(hidden, weight), [rows, vocab]);
    const found = rowLosses(temperature === 1 ? logits : div(logits, temperature), reshape(ids, [rows]), { ignoreIndex, entropies });
    return { logProbs: reshape(sub(0, found.losses), shape), entropies: found.entropies && reshape(found.entropies, shape) };
  }
  const wanted = { hidden: needsGradient(hidden), weight: head.trained };
  const settings = { dims: { rows, width, vocab }, uniforms: { ignoreIndex, temperature, softCap: head.softCap, precision: Number(halfPrecision()) } };
  const [logProbs, entropy] = differentiable<Tensor[]>({
    inputs: { hidden, weight: head.matrix },
    forward: (save) => {
      const { loss, entropy } = call(kernel, { inputs: { hidden, weight: head.matrix, targets: ids }, ...settings, outputs: { loss: shape, entropy: entropies ? shape : undefined } });
      save([hidden, head.matrix, ids]);
      return entropy === undefined ? [sub(0, loss)] : [sub(0, loss), entropy];
    },
    // The gradient of Σ dy · logp is that of Σ rowScale · loss with rowScale = −dy.
    backward: ([dy], [h, w, kept]) => {
      const { dhidden, dweight } = call(kernel, {
        inputs: { hidden: h, weight: w, targets: kept, rowScale: sub(0, dy!) }, ...settings,
        outputs: { loss: true, dhidden: wanted.hidden ? h!.shape : undefined, dweight: wanted.weight ? w!.shape : undefined },
      });
      return { hidden: () => dhidden!, weight: () => dweight! };
    },
  });
  return { logProbs: logProbs!, entropies: entropy };
}
