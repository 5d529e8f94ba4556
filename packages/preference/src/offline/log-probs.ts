import { type ApplyOptions, hiddenOf, type Model } from '@llm/model';
import { embed, gather, linearLogProbs, mul, reshape, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { CompletionBatch } from './completion-batch.ts';

/** What is needed of a model to score completions. */
export type ScoringModel = Pick<Model, 'hidden' | 'head' | 'shape'>;

/** The states that predict the tokens of the completions: [tokens, width]. The head is never applied to prompts and padding. */
export function predictingStates(model: ScoringModel, params: Tree, batch: CompletionBatch, options: ApplyOptions = {}): Tensor {
  const hidden = hiddenOf(model, params, batch, options);
  const width = hidden.shape.at(-1)!;
  return embed(tensor(batch.places, [batch.places.length], 'int32'), reshape(hidden, [hidden.size / width, width]));
}

/** Σ over the tokens of each completion of what each token has, weighed: [tokens] → [completions]. */
export function completionSums(values: Tensor, { members, completions, longest }: CompletionBatch, weights: Float32Array): Tensor {
  const shape: [number, number] = [completions, longest];
  const own = reshape(gather(values, tensor(members, [members.length], 'int32')), shape);
  return sum(mul(own, tensor(weights, shape)), 1);
}

/**
 * ln π of each completion given its prompt, summed over its tokens: [completions].
 *
 *   ln π(y | x) = Σ_t w_t ln π(y_t | x, y_<t),  w the batch's weights, 1 but for LD-DPO
 */
export function sequenceLogProbs(model: ScoringModel, params: Tree, batch: CompletionBatch, options: ApplyOptions = {}): Tensor {
  const { logProbs } = linearLogProbs(predictingStates(model, params, batch, options), model.head(params), batch.targets);
  return completionSums(logProbs, batch, batch.weights);
}
