import { add, exp, log, maximum, minimum, mul, neg, sub, tensor, type Tensor } from '@llm/tensor';
import { withoutGradient } from '../../offline/without-gradient.ts';
import type { Objective, PolicyTerms } from '../objective.ts';
import { type GroupOptions, groupObjective } from './group-terms.ts';

export interface VespoOptions extends Omit<GroupOptions, 'ratio'> {
  /** k and λ of the weight where the advantage is not negative; default 2 and 3. */
  readonly kPositive?: number;
  readonly lambdaPositive?: number;
  /** k and λ where it is negative; default 3 and 2. */
  readonly kNegative?: number;
  readonly lambdaNegative?: number;
}

/** The smallest weight of a completion whose logarithm is taken. */
const LEAST = Math.log(1e-8);
const MOST = 20;

/**
 * VESPO: each completion is weighted by a smooth function of its whole ratio, which is 1 at 1 and falls off on both sides.
 *
 *   w = Π_tokens π / π_old;  φ(w) = e^λ w^k e^(−λ w);  L = Σ_tokens −stop(φ) A ln π / tokens
 *
 * Where the batch has a correction for another sampler, it is part of w and no factor of the loss.
 * Shen et al. 2026, https://arxiv.org/abs/2602.10693
 */
export function vespo({ kPositive = 2, lambdaPositive = 3, kNegative = 3, lambdaNegative = 2, ...options }: VespoOptions = {}): Objective {
  const weight = ({ batch, logRatio, perSequence, perToken }: PolicyTerms): Tensor => {
    const between = (x: Tensor, least: number): Tensor => maximum(minimum(x, MOST), least);
    const { correction } = batch;
    const held = between(logRatio, -MOST);
    const corrected = correction === undefined ? held : add(held, between(log(tensor(correction)), LEAST));
    const logW = perToken(between(perSequence(corrected), LEAST));
    const bySign = (positive: number, negative: number): Tensor => tensor(batch.advantages.map((advantage) => (advantage >= 0 ? positive : negative)));
    const lambda = bySign(lambdaPositive, lambdaNegative);
    return exp(add(lambda, sub(mul(bySign(kPositive, kNegative), logW), mul(lambda, exp(logW)))));
  };
  return groupObjective('vespo', {
    ...options, counts: 'tokens', weights: () => 1, corrects: true,
    policy: (_ratio, terms) => neg(mul(mul(withoutGradient(() => weight(terms)), tensor(terms.batch.advantages)), terms.logProbs)),
  });
}
