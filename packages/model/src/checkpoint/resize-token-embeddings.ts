import { add, concat, isWeight, leaves, type Leaf, matMul, mean, mul, randomNormal, reshape, scope, slice, sub, sum, type Tensor, tile, type Tree, unflatten } from '@llm/tensor';
import type { ModelConfig } from '../config/config.ts';
import { createEncoderDecoder, createModel } from '../config/create-model.ts';
import type { EncoderDecoder } from '../encoder-decoder.ts';
import { ModelError } from '../errors.ts';
import type { Model } from '../model.ts';

export interface ResizeOptions {
  /** How many tokens the model is to have. */
  readonly vocabSize: number;
  /** The share of the old rows' covariance with which new rows are drawn around their mean; default 1e-9, and 0 for the mean alone. */
  readonly noise?: number;
  /** Of the draws; default 0. */
  readonly seed?: number;
}

/** Numbers of one block of draws at most. */
const BLOCK_NUMBERS = 2 ** 22;

/**
 * A model with more tokens, or fewer, and its parameters: the vocabulary of a model that is trained further.
 *
 *   new row ~ N(mean(old rows), noise · covariance(old rows))
 *
 * Rows of the embedding, of a head of its own and of a head's bias are added behind the others, or cut off; what is tied stays tied. A new
 * token begins as the average one, so that what the model says of the others hardly changes. This is what transformers does by
 * default since 4.46, up to the draws, and but for two things: it does without noise where the covariance is singular, which here need
 * not be, and gives new tokens of a tied head with a bias (BERT) the bias 0, here the mean.
 *
 * The old tree is used up: what does not change goes over into the new one, what does is freed. The model's other ids stay as they
 * are: give a tokenizer the new tokens behind its old ones.
 *
 * Hewitt 2021, https://nlp.stanford.edu/~johnhew/vocab-expansion.html
 *
 * @throws ModelError E_CONFIG for a size that no model can have or that cuts off a special token, E_WEIGHT_LEAF where a matrix to be
 * resized is a weight that applies itself; the old tree is then as it was.
 *
 * @example
 * ```ts
 * import { createModel, resizeTokenEmbeddings } from '@llm/model';
 * import { disposeTree, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const small = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 4, n_head: 2, n_layer: 1 });
 * const { model, params } = resizeTokenEmbeddings(small, small.init(0), { vocabSize: 19 });
 * if (model.head(params).shape[0] !== 19) throw new Error('three more');
 * disposeTree(params);
 * ```
 */
export function resizeTokenEmbeddings<M extends Model<ModelConfig> | EncoderDecoder<ModelConfig>>(
  model: M, params: Tree, { vocabSize, noise = 1e-9, seed = 0 }: ResizeOptions,
): { model: M; params: Tree } {
  if (!(noise >= 0)) throw new RangeError(`resizeTokenEmbeddings: expected noise of 0 or more but found ${noise}`);
  const config: ModelConfig = { ...model.config, vocabSize };
  const resized = ('encode' in model ? createEncoderDecoder(config) : createModel(config)) as M;
  const shapes = new Map(resized.parameters.map(({ name, shape }) => [name, shape]));
  const changes = (path: string, leaf: Leaf): boolean => shapes.has(path) && shapes.get(path)!.join() !== leaf.shape.join();
  const found = leaves(params);
  for (const [path, leaf] of found) {
    if (changes(path, leaf) && isWeight(leaf)) {
      throw new ModelError('E_WEIGHT_LEAF', `resizeTokenEmbeddings: expected a tensor but found a weight that applies itself at ${path}. Merge or dequantize the tree first; one in rowBlocks, resize on another device.`);
    }
  }
  const entries = found.map(([path, leaf]): [string, Leaf] => [path, changes(path, leaf) ? withRows(leaf as Tensor, shapes.get(path)![0]!, { noise, seed, stream: path }) : leaf]);
  for (const [path, leaf] of found) if (changes(path, leaf)) (leaf as Tensor).dispose();
  return { model: resized, params: unflatten(entries) };
}

interface Draws { readonly noise: number; readonly seed: number; readonly stream: string }

/** A table with its first rows, and new ones where they are too few: [old, …] → [count, …]. */
function withRows(table: Tensor, count: number, draws: Draws): Tensor {
  const [old = 0, ...rest] = table.shape;
  if (count <= old) return slice(table, table.shape.map(() => 0), [count, ...rest]);
  return scope(() => {
    const rows = reshape(table, [old, table.size / old]);
    return reshape(concat([rows, ...newRows(rows, count - old, draws)], 0), [count, ...rest]);
  });
}

/** Rows mean + √(noise / old) · Σ zᵢ (rowᵢ − mean) for numbers zᵢ of N(0, 1), whose covariance is that asked for. */
function newRows(rows: Tensor, count: number, { noise, seed, stream }: Draws): Tensor[] {
  const old = rows.shape[0]!;
  const middle = mean(rows, 0, true);
  if (noise === 0) return [tile(middle, [count, 1])];
  const block = Math.max(1, Math.floor(BLOCK_NUMBERS / old));
  return Array.from({ length: Math.ceil(count / block) }, (_, i) => scope(() => {
    const z = randomNormal([Math.min(block, count - i * block), old], { std: Math.sqrt(noise / old), seed, stream: `${stream} ${i}` });
    return add(middle, sub(matMul(z, rows), mul(sum(z, 1, true), middle)));
  }));
}
