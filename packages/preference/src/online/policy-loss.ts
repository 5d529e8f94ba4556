import { clone, div, matMul, reshape, sub, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { ScoringModel } from '../offline/log-probs.ts';
import { withoutGradient } from '../offline/without-gradient.ts';
import type { Objective, PolicyTerms } from './objective.ts';
import type { PolicyBatch } from './policy-batch.ts';
import { tokenLogProbs, type TokenLogProbsOptions } from './token-log-probs.ts';

/** What `train` gives beside the batch. */
export interface PolicyContext {
  readonly denominator?: number | Tensor;
}

/**
 * The loss of a policy objective, for `train`: log-probabilities of the completions' tokens, then the objective over them.
 *
 *   L = objective(ln π_θ, ln π_old, ln π_ref, A) / units of the whole step
 *
 * Without old log-probabilities the weights of the batch are those that sampled it, and the ratio is 1 with the gradient of ln π.
 *
 * @throws RangeError for a batch that was made for an objective that counts otherwise.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { dapo, policyBatch, policyLoss } from '@llm/preference';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const completion = (id: number) => ({ ids: Int32Array.of(id), logProbs: new Float32Array(1), reason: 'eos' as const });
 * const groups = [{ prompt: { ids: [1] }, completions: [completion(2), completion(3)] }];
 * const objective = dapo();
 * const loss = policyLoss(model, objective)(model.init(0), policyBatch({ groups }, { objective, advantages: [1, -1] }));
 * if (Math.abs(loss.dataSync()[0]!) > 1e-6) throw new Error('at a ratio of 1 the loss is minus the mean advantage');
 * ```
 */
export function policyLoss(
  model: ScoringModel, objective: Objective, options: Omit<TokenLogProbsOptions, 'entropies'> = {},
): (params: Tree, batch: PolicyBatch, context?: PolicyContext) => Tensor {
  return (params, batch, { denominator = batch.targetCount } = {}) => {
    const { logProbs } = tokenLogProbs(model, params, batch, options);
    return objectiveLoss(objective, { batch, logProbs }, denominator);
  };
}

/** The loss of an objective from log-probabilities [tokens] that are already there. */
export function objectiveLoss(objective: Objective, { batch, logProbs }: Pick<PolicyTerms, 'batch' | 'logProbs'>, denominator: number | Tensor): Tensor {
  if (batch.counts !== objective.counts) {
    throw new RangeError(`policyLoss: expected a batch that counts ${objective.counts}, as ${objective.name} does, but found one that counts ${batch.counts}. Give policyBatch the same objective.`);
  }
  const { oldLogProbs, completions, targets } = batch;
  const old = oldLogProbs === undefined ? withoutGradient(() => clone(logProbs)) : tensor(oldLogProbs);
  const sums = membership(batch);
  return div(objective.sum({
    batch, logProbs, logRatio: sub(logProbs, old),
    perSequence: (values) => reshape(matMul(sums, reshape(values, [targets.length, 1])), [completions]),
    perToken: (values) => reshape(matMul(reshape(values, [1, completions]), sums), [targets.length]),
  }), denominator);
}

/** [completions, tokens]: 1 where a token belongs to a completion. Sums by it are a product, which every device adds in a fixed order. */
function membership({ sequenceOf, completions }: PolicyBatch): Tensor {
  const values = new Float32Array(completions * sequenceOf.length);
  sequenceOf.forEach((sequence, token) => { values[sequence * sequenceOf.length + token] = 1; });
  return tensor(values, [completions, sequenceOf.length]);
}
