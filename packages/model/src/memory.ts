import { sizeOf } from './layers/parameters.ts';
import type { Model } from './model.ts';

export interface TrainingMemoryOptions {
  /** Rows of a micro-batch, and tokens in each. */
  readonly batch: number;
  readonly length: number;
  /** Only each layer's input is kept; default false. */
  readonly checkpointed?: boolean;
  /** Numbers that the optimizer keeps for each parameter: 2 for AdamW (default), 1 for momentum, 0 for SGD. */
  readonly optimizerNumbers?: number;
  /** Micro-batches per step; from 2 on the gradients of those before are held while one runs. Default 1. */
  readonly accumulate?: number;
}

/** The bytes of each part of a training step, and the most that are in use at once. */
export interface TrainingMemory {
  readonly parameters: number;
  readonly optimizer: number;
  /** Gradients of every parameter, at the end of the backward pass. */
  readonly gradients: number;
  /** Gradients of the micro-batches before, when accumulating. */
  readonly accumulated: number;
  /** What the layers keep for the backward pass. */
  readonly activations: number;
  /** The token and position embeddings before they are added, where positions are learned. */
  readonly embedded: number;
  /** One layer run again in the backward pass, when checkpointed. */
  readonly recomputed: number;
  /** Gradients inside a layer while it goes back, beyond what it frees meanwhile. */
  readonly layerWorkspace: number;
  /** The states before and after the final norm, and the gradient of the latter. */
  readonly finalStates: number;
  /** The gradient of the head, made in the forward pass of the loss. */
  readonly headGradient: number;
  /** A chunk of logits, and the head's matrix packed for the products when there are several chunks. */
  readonly headWorkspace: number;
  /** In use at once, at the worst of: the loss, the backward pass of the head, of the last and the first layer, and of the embedding. */
  readonly peak: number;
}

/** As the loss divides its rows: at most 2²¹ logits at a time, but at least 96 rows. */
const CHUNK_LOGITS = 2 ** 21;
const MIN_ROWS = 96;

/** Numbers that one layer keeps per token; each term is one tensor that an operation saves. */
function savedPerToken({ shape, parameters }: Pick<Model, 'parameters' | 'shape'>): number {
  const { width, heads, kvHeads, headDim, mlpWidth, mlpInputs } = shape;
  const [q, kv] = [heads * headDim, kvHeads * headDim];
  const has = (pattern: RegExp): boolean => parameters.some(({ name }) => pattern.test(name));
  // nanochat's norms have no weights to be known by.
  const normed = has(/\.(q_norm|fc1)\.weight$/);
  // Gemma's halves are normed before they are added, both sides of which are kept.
  const closed = has(/\.post_feedforward_layernorm\.weight$/);
  const layerNorm = has(/\.(ln_1|LayerNorm|input_layernorm)\.bias$/);
  return 2 * width // the input of each half, for its norm and the residual
    + 2 * width // the normed input of each half, for its matrices
    + 2 * (layerNorm ? 2 : 1) // mean and deviation of each norm, or the deviation alone
    + (closed ? 2 * (2 * width + 1) : 0)
    + (normed ? q + kv + heads + kvHeads : 0) // queries and keys before their own norm
    + q + 2 * kv // queries, keys and values
    + q + heads // what attention gave, and its log-sum-exp
    + (mlpInputs + 1) * mlpWidth; // inputs of the activation, and its result
}

/** How many tensors of the states' size are kept where embeddings are added up: both sides of each addition, and what a norm behind them reads. */
function embeddedTensors({ parameters }: Pick<Model, 'parameters'>): number {
  const added = parameters.filter(({ name }) => /\b(wpe|(position|token_type|block_position)_embeddings)\.weight$/.test(name)).length;
  // One tensor where embeddings are normed (BERT, nanochat) or scaled (Gemma).
  return 2 * added + Number(parameters.some(({ name }) => /\.(embeddings\.LayerNorm|layers\.0\.mlp\.fc1|layers\.0\.post_feedforward_layernorm)\.weight$/.test(name)));
}

/**
 * The memory of a training step in float32, part by part, before anything is allocated.
 *
 *   activations = 4 · batch · length · layers · (numbers that a layer keeps per token)
 *
 * or 4 · batch · length · layers · width when checkpointed. The model's own rotation tables, ids and small vectors are left out.
 *
 * @example
 * ```ts
 * import { createModel, trainingMemory } from '@llm/model';
 * const gpt2 = createModel({ model_type: 'gpt2', vocab_size: 50257, n_embd: 768, n_head: 12, n_layer: 12 });
 * const plain = trainingMemory(gpt2, { batch: 4, length: 1024 });
 * const small = trainingMemory(gpt2, { batch: 4, length: 1024, checkpointed: true });
 * if (!(small.peak < plain.peak)) throw new Error('recomputing saves memory');
 * ```
 */
export function trainingMemory(model: Pick<Model, 'parameters' | 'shape'>, options: TrainingMemoryOptions): TrainingMemory {
  const { batch, length, checkpointed = false, optimizerNumbers = 2, accumulate = 1 } = options;
  if ('decoderLayers' in model.shape) throw new RangeError('trainingMemory: expected a model of one stack but found an encoder and a decoder. Measure a step of it instead.');
  if (model.shape.experts !== undefined) throw new RangeError('trainingMemory: expected a model whose tokens all go one way but found a mixture of experts, which depends on their choices. Measure a step of it instead.');
  if (!(batch >= 1) || !(length >= 1)) throw new RangeError(`trainingMemory: expected batch and length of 1 or more but found ${batch} and ${length}`);
  const { layers, width, vocabSize, mlpWidth, mlpInputs, tied } = model.shape;
  const tokens = batch * length;
  const parameters = 4 * sizeOf(model.parameters);
  const gradients = parameters;
  const optimizer = optimizerNumbers * parameters;
  const accumulated = accumulate > 1 ? gradients : 0;
  const oneLayer = 4 * tokens * savedPerToken(model);
  const activations = checkpointed ? 4 * tokens * layers * width : layers * oneLayer;
  const embedded = 4 * tokens * width * embeddedTensors(model);
  const recomputed = checkpointed ? oneLayer : 0;
  const layerWorkspace = 4 * tokens * (mlpInputs * mlpWidth + 2 * width);
  const finalStates = 4 * tokens * 3 * width;
  const headGradient = 4 * vocabSize * width;
  const rows = Math.min(tokens, Math.max(MIN_ROWS, Math.floor(CHUNK_LOGITS / vocabSize)));
  const headWorkspace = 4 * rows * vocabSize + (rows < tokens ? 2 * headGradient : 0);
  const standing = parameters + optimizer + accumulated;
  const kept = activations + embedded;
  const loss = kept + finalStates + headGradient + headWorkspace;
  // The gradient of the head is scaled into a second tensor before the first is freed.
  const headBackward = kept + finalStates + 2 * headGradient;
  const lastLayer = kept + headGradient + recomputed + layerWorkspace;
  const firstLayer = gradients + embedded + oneLayer + layerWorkspace;
  // The gradient of a tied embedding has two parts, and their sum is a third tensor.
  const embedding = gradients + (tied ? 2 * headGradient : 0);
  return {
    parameters, optimizer, gradients, accumulated, activations, embedded, recomputed, layerWorkspace, finalStates, headGradient, headWorkspace,
    peak: standing + Math.max(loss, headBackward, lastLayer, firstLayer, embedding),
  };
}
