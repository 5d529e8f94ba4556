import { add, type Leaf, leaves, linear, maximum, overwrite, randomNormal, randomUniform, type Tensor, tensor, type Tree, zeros } from '@llm/tensor';
import { LoraError } from '../errors.ts';
import { hostRandom } from '../host-random.ts';

/** The branch of the tree that holds virtual tokens. */
export const PROMPT = 'prompt_encoder';

/** The path of the word embeddings of a tree. */
const EMBEDDING = /(?:^|\.)(?:embed_tokens|wte|word_embeddings|shared)\.weight$/;

/** The word embeddings of a tree, with their path. */
export function wordEmbeddings(name: string, params: Tree): [string, Leaf] {
  const found = leaves(params).find(([path]) => EMBEDDING.test(path));
  if (found === undefined) throw new LoraError('E_TARGETS', `${name}: expected word embeddings in the tree but found none. Give the parameters of a language model.`);
  return found;
}

/** The tree with a branch of virtual tokens, which must be new. */
export function withBranch(name: string, params: Tree, branch: Tree, key: string = PROMPT): Tree {
  if (key in params) throw new LoraError('E_ADAPTER', `${name}: expected a tree without ${key} but found one. Take it away first, or train that one.`);
  return { ...params, [key]: branch };
}

/** Throws unless the number of virtual tokens can be meant. */
export function checkTokens(name: string, tokens: number): void {
  if (!Number.isInteger(tokens) || tokens < 1) throw new RangeError(`${name}: expected a whole number of tokens from 1 on but found ${tokens}.`);
}

export interface PromptTuningOptions {
  /** Virtual tokens in front of every text. */
  readonly tokens: number;
  /** Tokens whose embeddings they begin with, repeated as needed; default: drawn from the vocabulary. */
  readonly startIds?: ArrayLike<number>;
  readonly seed?: number;
}

/**
 * The tree of a model with virtual tokens, which `prompted(model)` puts in front of every text: some embeddings are all that is
 * trained.
 *
 * Lester et al. 2021, https://arxiv.org/abs/2104.08691
 *
 * @example
 * ```ts
 * import { prompted, promptTuning, trainable } from '@llm/lora';
 * import { createModel } from '@llm/model';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const params = await promptTuning(model.init(0), { tokens: 4, startIds: [3, 1] });
 * const logits = prompted(model).apply(params, { ids: tensor([1, 2], [1, 2], 'int32') });
 * if (logits.shape.join() !== '1,2,16' || !trainable(params)('prompt_encoder.embedding.weight')) throw new Error('as long as the text');
 * ```
 */
export async function promptTuning(params: Tree, { tokens, startIds, seed = 0 }: PromptTuningOptions): Promise<Tree> {
  checkTokens('promptTuning', tokens);
  const [path, leaf] = wordEmbeddings('promptTuning', params);
  if (!('dataId' in leaf)) throw new TypeError(`promptTuning: expected plain word embeddings but found a weight that applies itself at ${path}. Add the prompt to the model before its adapter.`);
  const [vocabulary = 0, width = 0] = leaf.shape;
  const random = hostRandom(seed, PROMPT);
  const ids = Array.from({ length: tokens }, (_, i) => (startIds === undefined ? Math.floor(random.uniform() * vocabulary) : startIds[i % startIds.length]!));
  for (const id of ids) if (!(id >= 0 && id < vocabulary)) throw new RangeError(`promptTuning: expected ids below ${vocabulary} but found ${id}.`);
  const table = await leaf.data();
  const weight = zeros([tokens, width]);
  overwrite(weight, Float32Array.from({ length: tokens * width }, (_, i) => table[ids[Math.floor(i / width)]! * width + (i % width)]!));
  return withBranch('promptTuning', params, { embedding: { weight } });
}

export interface PTuningOptions {
  readonly tokens: number;
  /** Values in the hidden layers of the encoder; default as wide as the model. */
  readonly hiddenSize?: number;
  readonly seed?: number;
}

/**
 * The tree of a model with virtual tokens that a small network makes of embeddings, P-tuning with an MLP encoder, as PEFT has it.
 *
 *   p = W₃ relu(W₂ relu(W₁ e + b₁) + b₂) + b₃
 *
 * Liu et al. 2021, https://arxiv.org/abs/2103.10385
 */
export function pTuning(params: Tree, { tokens, hiddenSize, seed = 0 }: PTuningOptions): Tree {
  checkTokens('pTuning', tokens);
  const width = wordEmbeddings('pTuning', params)[1].shape[1]!;
  const hidden = hiddenSize ?? width;
  const layer = (name: string, outputs: number, inputs: number): Tree => {
    const bound = { low: -1 / Math.sqrt(inputs), high: 1 / Math.sqrt(inputs), seed };
    return { weight: randomUniform([outputs, inputs], { ...bound, stream: `${name}.weight` }), bias: randomUniform([outputs], { ...bound, stream: `${name}.bias` }) };
  };
  return withBranch('pTuning', params, {
    embedding: { weight: randomNormal([tokens, width], { seed, stream: PROMPT }) },
    mlp_head: { 0: layer('0', hidden, width), 2: layer('2', hidden, hidden), 4: layer('4', width, hidden) },
  });
}

interface Affine { readonly weight: Tensor; readonly bias: Tensor }

/** The virtual tokens of a branch, [tokens, width]. */
export function promptEmbeddings(branch: Tree): Tensor {
  const { embedding, mlp_head: head } = branch as unknown as { embedding: { weight: Tensor }; mlp_head?: Readonly<Record<string, Affine>> };
  if (head === undefined) return embedding.weight;
  const relu = (x: Tensor): Tensor => maximum(x, 0);
  const through = (x: Tensor, key: string): Tensor => linear(x, head[key]!.weight, { bias: head[key]!.bias });
  return through(relu(through(relu(through(embedding.weight, '0')), '2')), '4');
}

/** A tensor of the same rows for each text of a batch: [n, …] → [batch, n, …]. */
export function forBatch(x: Tensor, batch: number): Tensor {
  return add(x, tensor(new Float32Array(batch), [batch, ...x.shape.map(() => 1)]));
}
