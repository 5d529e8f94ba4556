import type { Model, TokenBatch } from '@llm/model';
import { embed, linearLogProbs, type LogProbs, reshape, scope, tensor, type Tensor, type Tree } from '@llm/tensor';
import type { CompletionBatch } from '../offline/completion-batch.ts';
import type { ScoringModel } from '../offline/log-probs.ts';

export interface TokenLogProbsOptions {
  /** Divides the logits: that of the rollouts; default 1. */
  readonly temperature?: number;
  /** Also the entropy of each distribution; default false. */
  readonly entropies?: boolean;
  /** Keep only the input of each layer and run it again in the backward pass; default false. */
  readonly checkpointed?: boolean;
}

/**
 * ln p of every token of the completions, [tokens], with its gradient. The head is applied only to the states that predict one.
 *
 * @throws RangeError for ids outside the vocabulary, and positions outside the context.
 */
export function tokenLogProbs(
  model: ScoringModel, params: Tree, batch: CompletionBatch,
  { temperature = 1, entropies = false, checkpointed = false }: TokenLogProbsOptions = {},
): LogProbs {
  const rows = statesOf(model, params, batch, { checkpointed });
  const predicting = embed(tensor(batch.places, [batch.places.length], 'int32'), rows);
  return linearLogProbs(predicting, model.head(params), batch.targets, { temperature, entropies });
}

/** The states before the head, [rows · length, width]. A row that shares a prompt may be longer than the context: only positions must fit. */
export function statesOf(
  { hidden, shape: { maxPositions, vocabSize, width } }: Pick<Model, 'hidden' | 'shape'>, params: Tree,
  { rows, length, ids, positions, segments, packed, restarts }: TokenBatch, { checkpointed = false }: { checkpointed?: boolean } = {},
): Tensor {
  for (const id of ids) if (!(id >= 0 && id < vocabSize)) throw new RangeError(`tokenLogProbs: expected ids below ${vocabSize}, the vocabulary of the model, but found ${id}. Use the model's own tokenizer.`);
  for (const position of positions) {
    if (position >= maxPositions) throw new RangeError(`tokenLogProbs: expected positions below ${maxPositions}, the context of the model, but found ${position}. Use shorter prompts, or fewer tokens per completion.`);
  }
  const matrix = (values: Int32Array): Tensor => tensor(values, [rows, length], 'int32');
  const inputs = { ids: matrix(ids), ...(restarts ? { positions: matrix(positions) } : {}), ...(packed ? { segments: matrix(segments) } : {}) };
  return reshape(hidden(params, inputs, { checkpointed }), [rows * length, width]);
}

/** Numbers of each token, on the host. */
export interface ScoredTokens {
  readonly logProbs: Float32Array;
  readonly entropies: Float32Array | undefined;
}

/**
 * ln p of every token of the completions, [tokens], as numbers: the old log-probabilities of several updates from one round, or those of a
 * reference model. With an adapter the reference is the same model with the adapter off, never a second copy.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { completionRows, scoreTokens } from '@llm/preference';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const completion = (...ids: number[]) => ({ ids: Int32Array.from(ids), logProbs: new Float32Array(ids.length), reason: 'eos' as const });
 * const rows = completionRows({ groups: [{ prompt: { ids: [1, 2] }, completions: [completion(3, 4), completion(5)] }] });
 * const { logProbs } = await scoreTokens(model, model.init(0), rows);
 * if (logProbs.length !== 3 || Math.abs(logProbs[0]! + Math.log(16)) > 0.3) throw new Error('a new model knows nothing');
 * ```
 */
export async function scoreTokens(
  model: ScoringModel, params: Tree, rows: CompletionBatch, options: TokenLogProbsOptions = {},
): Promise<ScoredTokens> {
  const [logProbs, entropies] = scope(() => {
    const found = tokenLogProbs(model, params, rows, options);
    return [found.logProbs, ...(found.entropies === undefined ? [] : [found.entropies])];
  });
  try {
    return { logProbs: await logProbs!.data() as Float32Array, entropies: await entropies?.data() as Float32Array | undefined };
  } finally {
    logProbs!.dispose();
    entropies?.dispose();
  }
}
