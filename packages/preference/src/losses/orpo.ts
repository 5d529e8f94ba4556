import { add, cast, differentiable, div, exp, log, maximum, mul, neg, onesLike, sub, sum, type Tensor, where } from '@llm/tensor';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta, type PairLoss } from './pair-loss.ts';

export interface OrpoOptions {
  /** The weight of the odds ratio, λ in the paper; default 0.1. */
  readonly beta?: number;
  /**
   * The likelihood counts the tokens of the prompt too, as in TRL; the batch must then be made with prompts. Default true.
   */
  readonly withPrompt?: boolean;
}

/** ln(1 − eˣ) for x < 0, with the slope −eˣ / (1 − eˣ). */
function log1mExp(x: Tensor): Tensor {
  return differentiable({
    inputs: { x },
    forward: (save) => {
      // Where eˣ is nearly 1, the difference has no digits left: its series −x (1 + x/2 (1 + x/3 (1 + x/4))) has.
      const series = [4, 3, 2].reduce<Tensor>((sum, k) => add(mul(mul(x, 1 / k), sum), 1), onesLike(x));
      const near = cast(maximum(add(x, 0.1), 0), 'bool');
      const rest = where(near, neg(mul(x, series)), sub(1, exp(x)));
      save([x, rest]);
      return log(rest);
    },
    backward: (dy, [x, rest]) => ({ x: () => neg(mul(dy, div(exp(x!), rest!))) }),
  });
}

/**
 * Odds-ratio preference optimization: supervised fine-tuning and preference in one, without a reference.
 *
 *   NLL(prompt and chosen) − β ln σ(ln odds(chosen) − ln odds(rejected)),  odds = p / (1 − p),  ln p = ln π(y) / |y|
 *
 * @throws TypeError where the batch has no prompts and `withPrompt` is not turned off.
 *
 * Hong et al. 2024, https://arxiv.org/abs/2403.07691
 */
export function orpo({ beta = 0.1, withPrompt = true }: OrpoOptions = {}): PairLoss {
  checkBeta(beta, 'orpo');
  return ({ policy, unweighed = policy, tokens, prompts }) => {
    if (withPrompt && prompts === undefined) throw new TypeError('orpo: expected a batch with prompts but found none. Make it with prompts: true, or count the completion alone with withPrompt: false.');
    const counted = withPrompt ? { logProbs: add(unweighed.chosen, prompts!.policy), tokens: add(tokens.chosen, prompts!.tokens) } : { logProbs: unweighed.chosen, tokens: tokens.chosen };
    // As a number for each pair whose mean over the batch is the mean over its tokens.
    const nll = div(mul(counted.logProbs, -policy.chosen.size), sum(counted.tokens));
    const mean = (side: 'chosen' | 'rejected'): Tensor => div(policy[side], tokens[side]);
    const logOdds = sub(sub(mean('chosen'), mean('rejected')), sub(log1mExp(mean('chosen')), log1mExp(mean('rejected'))));
    return sub(nll, mul(logSigmoid(logOdds), beta));
  };
}
