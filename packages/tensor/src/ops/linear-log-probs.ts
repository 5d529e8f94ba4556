import { div, gather, mul, neg, reshape, sum, exp, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Weight } from '../tree/weight.ts';
import { linear } from './linear.ts';
import { logSoftmax } from './log-softmax.ts';

export interface LinearLogProbsOptions {
  /** Targets with this id do not count and give 0; default −100. */
  readonly ignoreIndex?: number;
  /** Divides the logits; default 1. */
  readonly temperature?: number;
  /** Also gives the entropy of each row's distribution, without a gradient; default false. */
  readonly entropies?: boolean;
}

export interface LogProbs {
  /** ln p(target) of each row; shape of the targets. */
  readonly logProbs: Tensor;
  /** −Σ p ln p of each row, in nats, where it was asked for. */
  readonly entropies: Tensor | undefined;
}

/**
 * Log-probabilities of targets under a linear head.
 *
 *   z = h · Wᵀ / temperature;  logp = z_target − logsumexp(z)
 *
 * hidden [..., width], weight [vocabulary, width], targets int32 [...] on the host → [...], 0 where the target is ignored.
 */
export function linearLogProbs(hidden: Tensor, weight: Tensor | Weight, targets: Int32Array, options: LinearLogProbsOptions = {}): LogProbs {
  const { ignoreIndex = -100, temperature = 1, entropies = false } = options;
  const rows = targets.length;
  const logits = linear(hidden, weight);
  const vocab = logits.shape.at(-1)!;
  const shape = hidden.shape.slice(0, -1);
  const all = logSoftmax(reshape(temperature === 1 ? logits : div(logits, temperature), [rows, vocab]));
  const at = tensor(Int32Array.from(targets, (target, row) => row * vocab + (target === ignoreIndex ? 0 : target)), [rows], 'int32');
  const kept = tensor(Float32Array.from(targets, (target) => Number(target !== ignoreIndex)), [rows]);
  return {
    logProbs: reshape(mul(gather(reshape(all, [rows * vocab]), at), kept), shape),
    entropies: entropies ? reshape(neg(sum(mul(exp(all), all), -1)), shape) : undefined,
  };
}
