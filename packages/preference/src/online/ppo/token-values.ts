import { embed, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { CompletionBatch } from '../../offline/completion-batch.ts';
import type { HeadedModel } from '../../reward-model/with-head.ts';
import { statesOf } from '../token-log-probs.ts';

/** What a value function says before each token of the completions, and after each completion: [tokens + completions]. */
export function tokenValues(model: HeadedModel, params: Tree, batch: CompletionBatch, { checkpointed = false }: { checkpointed?: boolean } = {}): Tensor {
  const places = Int32Array.from([...batch.places, ...batch.ends]);
  return model.head(params, embed(tensor(places, [places.length], 'int32'), statesOf(model, params, batch, { checkpointed })));
}
