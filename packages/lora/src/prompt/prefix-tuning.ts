import type { KvCache, Model } from '@llm/model';
import { linear, randomNormal, randomUniform, reshape, slice, tanh, type Tensor, tensor, type Tree } from '@llm/tensor';
import { checkTokens, forBatch, withBranch } from './prompt-tuning.ts';

/** The branch of the tree that holds keys and values in front of every text. */
export const PREFIX = 'prefix_encoder';

export interface PrefixTuningOptions {
  /** Virtual tokens in front of every text. */
  readonly tokens: number;
  /** Its sizes say how many keys and values each layer has. */
  readonly model: Pick<Model, 'shape'>;
  /** Train a network of this many hidden values that makes the keys and values; default: train those themselves. */
  readonly hiddenSize?: number;
  readonly seed?: number;
}

/**
 * The tree of a model with keys and values that every token sees before the text, in every layer: `prompted(model)` uses them.
 *
 * The numbers lie as in PEFT: [tokens, layers · 2 · kvHeads · headDim], a key and a value in turn. Li and Liang 2021,
 * https://arxiv.org/abs/2101.00190; without the network it is P-tuning v2, Liu et al. 2021, https://arxiv.org/abs/2110.07602
 *
 * @example
 * ```ts
 * import { prefixTuning, prompted } from '@llm/lora';
 * import { createModel } from '@llm/model';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const params = prefixTuning(model.init(0), { tokens: 3, model });
 * if (prompted(model).apply(params, { ids: tensor([1, 2], [1, 2], 'int32') }).shape.join() !== '1,2,16') throw new Error('as long as the text');
 * ```
 */
export function prefixTuning(params: Tree, { tokens, model: { shape }, hiddenSize, seed = 0 }: PrefixTuningOptions): Tree {
  checkTokens('prefixTuning', tokens);
  const width = shape.kvHeads * shape.headDim;
  const all = shape.layers * 2 * width;
  if (hiddenSize === undefined) return withBranch('prefixTuning', params, { embedding: { weight: randomNormal([tokens, all], { seed, stream: PREFIX }) } }, PREFIX);
  const layer = (name: string, outputs: number, inputs: number): Tree => {
    const bound = { low: -1 / Math.sqrt(inputs), high: 1 / Math.sqrt(inputs), seed };
    return { weight: randomUniform([outputs, inputs], { ...bound, stream: `${name}.weight` }), bias: randomUniform([outputs], { ...bound, stream: `${name}.bias` }) };
  };
  return withBranch('prefixTuning', params, {
    embedding: { weight: randomNormal([tokens, width], { seed, stream: PREFIX }) }, transform: { 0: layer('0', hiddenSize, width), 2: layer('2', all, hiddenSize) },
  }, PREFIX);
}

interface Affine { readonly weight: Tensor; readonly bias: Tensor }

/** The keys and values of a branch, [tokens, layers · 2 · kvHeads · headDim]. */
export function prefixValues(branch: Tree): Tensor {
  const { embedding, transform } = branch as unknown as { embedding: { weight: Tensor }; transform?: Readonly<Record<string, Affine>> };
  if (transform === undefined) return embedding.weight;
  const through = (x: Tensor, key: string): Tensor => linear(x, transform[key]!.weight, { bias: transform[key]!.bias });
  return through(tanh(through(embedding.weight, '0')), '2');
}

/** The keys and values of each layer, [batch, tokens, kvHeads, headDim] each. */
export function prefixLayers(values: Tensor, { shape: { layers, kvHeads, headDim } }: Pick<Model, 'shape'>, batch: number): { k: Tensor; v: Tensor }[] {
  const [tokens = 0, all = 0] = values.shape;
  const width = kvHeads * headDim;
  if (all !== layers * 2 * width) throw new RangeError(`prefixTuning: expected ${layers * 2 * width} numbers for each token, two for each layer, head and value, but found ${all}. Use the prefix with the model it was made for.`);
  const part = (at: number): Tensor => forBatch(reshape(slice(values, [0, at * width], [tokens, width]), [tokens, kvHeads, headDim]), batch);
  return Array.from({ length: layers }, (_, layer) => ({ k: part(2 * layer), v: part(2 * layer + 1) }));
}

/** What stands for a cache that holds the prefix and forgets the rest, and lets gradients through. */
export function prefixCache(layers: readonly { k: Tensor; v: Tensor }[], { length, join }: { length: number; join: (before: Tensor, now: Tensor) => Tensor }): KvCache {
  const [batch = 0, tokens = 0] = layers[0]!.k.shape;
  const positions = tensor(Int32Array.from({ length: batch * length }, (_, i) => tokens + (i % length)), [batch, length], 'int32');
  return {
    batch,
    capacity: tokens + length,
    lengths: new Int32Array(batch).fill(tokens),
    layers,
    twins: undefined,
    append: (layer, k, v) => ({ k: join(layers[layer]!.k, k), v: join(layers[layer]!.v, v) }),
    positions: () => positions,
    place: () => ({ offset: tokens }),
    advance: () => undefined,
    truncate: () => undefined,
    dispose: () => undefined,
  };
}
