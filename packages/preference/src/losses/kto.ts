import { add, maximum, mean, mul, sub, type Tensor } from '@llm/tensor';
import { sigmoid } from './log-sigmoid.ts';
import { checkBeta } from './pair-loss.ts';
import { unpairedLogRatios, type UnpairedLoss } from './unpaired-loss.ts';

export interface KtoOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
  /** How much a desirable and an undesirable completion count; default 1 each. See `ktoWeights`. */
  readonly desirableWeight?: number;
  readonly undesirableWeight?: number;
}

/**
 * Kahneman and Tversky's optimization: completions that are good or bad by themselves, gains and losses counted from a reference point.
 *
 *   w (1 − σ(±β (r − z))),  r = ln π(y) − ln π_ref(y),  + where desirable, − where not
 *
 * z, the `baseline`, comes from `ktoBaseline`.
 *
 * @throws TypeError without a baseline.
 *
 * Ethayarajh et al. 2024, https://arxiv.org/abs/2402.01306
 */
export function kto({ beta = 0.1, desirableWeight = 1, undesirableWeight = 1 }: KtoOptions = {}): UnpairedLoss {
  checkBeta(beta, 'kto');
  return (scores) => {
    const { baseline, desirable } = scores;
    if (baseline === undefined) throw new TypeError('kto: expected a baseline but found none. Give the batch mismatched completions, from which ktoBaseline makes it.');
    // −β (r − z) where desirable, β (r − z) where not.
    const turn = mul(sub(1, mul(desirable, 2)), beta);
    const weight = add(undesirableWeight, mul(desirable, desirableWeight - undesirableWeight));
    return mul(weight, sigmoid(mul(turn, sub(unpairedLogRatios(scores), baseline))));
  };
}

/**
 * KTO's reference point: how far the policy is from the reference on completions that belong to other prompts.
 *
 *   z = max(0, mean(ln π(y′|x) − ln π_ref(y′|x)))
 *
 * Give it what has no gradient: the point counts as a constant.
 */
export function ktoBaseline(policy: Tensor, reference: Tensor): Tensor {
  return maximum(mean(sub(policy, reference)), 0);
}

/**
 * Weights with which both kinds of completions count for about as much, where they are not equally frequent.
 *
 *   (w_desirable n_desirable) / (w_undesirable n_undesirable) from 1 to 4/3, here 1, with the rarer kind raised
 */
export function ktoWeights(desirable: readonly boolean[]): { readonly desirableWeight: number; readonly undesirableWeight: number } {
  const good = desirable.filter(Boolean).length;
  const bad = desirable.length - good;
  if (good === 0 || bad === 0) throw new RangeError(`ktoWeights: expected completions of both kinds but found ${good} desirable and ${bad} undesirable ones`);
  return { desirableWeight: Math.max(1, bad / good), undesirableWeight: Math.max(1, good / bad) };
}
