import type { Model, ModelConfig, TokenBatch } from '@llm/model';
import type { Tree } from '@llm/tensor';
import { calibrate } from '../../calibrate/calibrate.ts';

/** How much each input of each matrix counts, by the path of the matrix. */
export interface Importance {
  /** Mean squares of the inputs. */
  readonly values: ReadonlyMap<string, Float32Array>;
  /** Tokens that each was measured over. */
  readonly tokens: ReadonlyMap<string, number>;
}

/**
 * The importance matrix of a model: the mean square of every input of every linear layer over some batches of text, in one pass.
 *
 *   importance_i = mean over tokens of x_i²
 *
 * An error of a weight in column i changes the output by that error times x_i, so columns with large inputs deserve the smaller errors. Embeddings and
 * the head have none, as in llama.cpp.
 *
 * @throws RangeError where `batches` is empty.
 *
 * @example
 * ```ts
 * import { importanceOf } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const row = (...values: number[]) => Int32Array.from(values);
 * const batch = { rows: 1, length: 3, ids: row(1, 2, 3), positions: row(0, 1, 2), segments: row(0, 0, 0), packed: false, restarts: false };
 * const { values } = await importanceOf(model, model.init(0), { batches: [batch] });
 * if (values.get('transformer.h.0.mlp.c_fc.weight')?.length !== 8) throw new Error('one number for each input');
 * ```
 *
 * https://github.com/ggml-org/llama.cpp/pull/4861
 */
export async function importanceOf(model: Pick<Model<ModelConfig>, 'hidden' | 'shape'>, params: Tree, { batches }: { readonly batches: Iterable<TokenBatch> }): Promise<Importance> {
  const found = await calibrate(model, params, { batches, moments: ['squares'] });
  const values = new Map<string, Float32Array>();
  const tokens = new Map<string, number>();
  for (const [path, moments] of found) {
    if (moments.tokens === 0) throw new RangeError('importanceOf: expected batches of text but found none. Give some thousands of tokens like those that the model will see.');
    values.set(path, moments.squares!.map((sum) => sum / moments.tokens));
    tokens.set(path, moments.tokens);
  }
  return { values, tokens };
}
