import type { Tree } from '@llm/tensor';
import type { ScoringModel } from '../offline/log-probs.ts';
import { completionRows } from '../online/policy-batch.ts';
import { scoreTokens } from '../online/token-log-probs.ts';
import type { Comparison, Judge } from './judge.ts';

export interface ModelJudgeOptions {
  /** The question as ids, ending where the verdict would follow: with the template of the judging model. */
  readonly encode: (question: Comparison) => ArrayLike<number>;
  /** The ids that say that the first, and that the second answer is better, such as those of "A" and "B". */
  readonly verdicts: readonly [ArrayLike<number>, ArrayLike<number>];
}

/**
 * A judge that is a model of one's own: it says nothing, the likelihood of both verdicts is compared.
 *
 *   p = π(first is better) / (π(first is better) + π(second is better))
 */
export function modelJudge(model: ScoringModel, params: Tree, { encode, verdicts }: ModelJudgeOptions): Judge {
  return async (question) => {
    const completions = verdicts.map((ids) => ({ ids: Int32Array.from(ids), logProbs: new Float32Array(ids.length), reason: 'eos' as const }));
    const { logProbs } = await scoreTokens(model, params, completionRows({ groups: [{ prompt: { ids: encode(question) }, completions }] }));
    const length = verdicts[0].length;
    const sum = (part: Float32Array): number => part.reduce((total, value) => total + value, 0);
    return 1 / (1 + Math.exp(sum(logProbs.slice(length)) - sum(logProbs.slice(0, length))));
  };
}
