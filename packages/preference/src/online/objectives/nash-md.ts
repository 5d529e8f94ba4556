import { mul, sub, sum, tensor } from '@llm/tensor';
import { withoutGradient } from '../../offline/without-gradient.ts';
import type { Objective } from '../objective.ts';

/**
 * Nash-MD: the policy against a mixture of itself and the reference (`geometricMixture`). The advantage of a completion is how likely it is
 * preferred to one of the mixture, minus ½.
 *
 *   L = Σ_completions (β Σ_tokens stop(ln π/π_ref) ln π − A Σ_tokens ln π) / completions
 *
 * Munos et al. 2023, https://arxiv.org/abs/2312.00886
 */
export function nashMd({ beta = 0.1 }: { readonly beta?: number } = {}): Objective {
  return {
    name: 'nashMd',
    counts: 'sequences',
    sum({ batch: { advantages, refLogProbs }, logProbs }) {
      if (refLogProbs === undefined) throw new RangeError('nashMd: expected the log-probabilities of the reference model but found none. Give policyBatch refLogProbs.');
      const pull = withoutGradient(() => mul(sub(logProbs, tensor(refLogProbs)), beta));
      return sum(mul(sub(pull, tensor(advantages)), logProbs));
    },
  };
}
