import { add, div, maximum, minimum, mul, square, sub, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { ScoringModel } from '../../offline/log-probs.ts';
import type { HeadedModel } from '../../reward-model/with-head.ts';
import { bnpo } from '../objectives/bnpo.ts';
import { type PolicyContext, policyLoss } from '../policy-loss.ts';
import type { TokenLogProbsOptions } from '../token-log-probs.ts';
import type { PpoBatch } from './ppo-batch.ts';
import { tokenValues } from './token-values.ts';

/** Both trees that PPO trains; they may share the body. */
export interface PpoParams extends Tree {
  readonly policy: Tree;
  readonly value: Tree;
}

export interface PpoLossOptions extends Omit<TokenLogProbsOptions, 'entropies'> {
  /** How far a ratio counts; default 0.2. */
  readonly clip?: number;
  /** How far a value may move from what it was; default 0.2. */
  readonly valueClip?: number;
  /** Default 0.1. */
  readonly valueCoef?: number;
}

/**
 * PPO's loss of policy and value function together.
 *
 *   L = mean_tokens(−min(r A, clip(r) A)) + c · ½ mean_steps(max((V − R)², (clip(V) − R)²))
 *
 * with r = π / π_old and V held within `valueClip` of what it was. Schulman et al. 2017, https://arxiv.org/abs/1707.06347
 *
 * @throws RangeError as `policyLoss` does.
 */
export function ppoLoss(
  { policy, value }: { readonly policy: ScoringModel; readonly value: HeadedModel }, options: PpoLossOptions = {},
): (params: PpoParams, batch: PpoBatch, context?: PolicyContext) => Tensor {
  const { clip = 0.2, valueClip = 0.2, valueCoef = 0.1, ...rest } = options;
  const policyTerm = policyLoss(policy, bnpo({ epsilon: clip }), rest);
  return (params, batch, { denominator = batch.targetCount } = {}) => {
    const values = tokenValues(value, params.value, batch, rest);
    const target = tensor(batch.returns);
    const held = maximum(minimum(values, tensor(batch.oldValues.map((each) => each + valueClip))), tensor(batch.oldValues.map((each) => each - valueClip)));
    const worst = maximum(square(sub(values, target)), square(sub(held, target)));
    const steps = batch.steps.reduce((total, each) => total + each, 0);
    const valueTerm = div(mul(sum(mul(worst, tensor(batch.steps))), valueCoef / 2 / steps), denominator);
    return add(policyTerm(params.policy, batch, { denominator }), valueTerm);
  };
}
