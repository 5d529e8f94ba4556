import { mul, reshape, sub, sum, type Tensor, tensor } from '@llm/tensor';
import type { PolicyTerms } from '../objective.ts';
import { ofCompletions } from './of-completions.ts';

/** ln π(winner) / π_ref(winner) − ln π(loser) / π_ref(loser) of every two completions that follow each other, [pairs]. */
export function pairMargins(name: string, { batch, logProbs, perSequence }: PolicyTerms): Tensor {
  if (batch.refLogProbs === undefined) throw new RangeError(`${name}: expected the log-probabilities of the reference model but found none. Give policyBatch refLogProbs.`);
  const signs = ofCompletions(batch);
  for (let i = 0; i < signs.length; i += 2) {
    const [first = 0, second = 0] = signs.subarray(i, i + 2);
    if (Math.abs(first) !== 1 || first + second !== 0) {
      throw new RangeError(`${name}: expected advantages of 1 and −1 for the better and the worse of two completions but found ${first} and ${second} in pair ${i / 2}. Use judgedRound, or leave undecided pairs out.`);
    }
  }
  const ratios = perSequence(sub(logProbs, tensor(batch.refLogProbs)));
  return sum(reshape(mul(ratios, tensor(signs)), [signs.length / 2, 2]), 1);
}
