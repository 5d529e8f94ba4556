import { sizeOf } from './layers/parameters.ts';
import type { EncoderDecoder } from './encoder-decoder.ts';
import type { Model } from './model.ts';

/** What a model's arithmetic is counted from. */
export interface ParameterCount {
  /** All trained numbers, a tied head once. */
  readonly total: number;
  /** Those of the embeddings of tokens, positions and kinds of text. */
  readonly embeddings: number;
  /** Those of the blocks and the final norm: the N of scaling laws. */
  readonly nonEmbedding: number;
  /** Those of `nonEmbedding` that a token meets: in a mixture of experts, of the experts only as many as it goes through. */
  readonly active: number;
  /** vocabulary · width, whether tied or not: the head multiplies, though a tied one has no numbers of its own. */
  readonly head: number;
}

const EMBEDDINGS = /\b(embed_tokens|wte|wpe|shared|(word|position|token_type|block_position)_embeddings)\.weight$/;

const EXPERTS = /\.experts\.\d+\./;

/** Counts the numbers of a model by what they do. */
export function parameterCount({ parameters, shape }: Pick<Model, 'parameters' | 'shape'>): ParameterCount {
  const total = sizeOf(parameters);
  const head = shape.vocabSize * shape.width;
  const embeddings = sizeOf(parameters.filter(({ name }) => EMBEDDINGS.test(name)));
  const nonEmbedding = total - embeddings - (shape.tied ? 0 : head);
  const { count, perToken } = shape.experts ?? { count: 1, perToken: 1 };
  const experts = sizeOf(parameters.filter(({ name }) => EXPERTS.test(name)));
  return { total, embeddings, nonEmbedding, active: nonEmbedding - experts + (experts * perToken) / count, head };
}

/**
 * Floating-point operations per token at a context of `length` tokens, a multiplication and an addition counted as two.
 *
 *   forward = 2 · (N + V · d) + 4 · layers · heads · headDim · length;  training = 3 · forward
 *
 * N is `active` (norms and biases included, as is the habit), V · d the head. The second term is q · kᵀ and p · v over the
 * whole `length`: that a causal kernel does half of it is not subtracted, so that figures compare with published ones.
 * Lookups, softmax, norms, rotation and the optimizer are not counted, nor is recomputation.
 *
 * Kaplan et al. 2020, https://arxiv.org/abs/2001.08361; Chowdhery et al. 2022, appendix B, https://arxiv.org/abs/2204.02311
 *
 * @example
 * ```ts
 * import { createModel, flopsPerToken } from '@llm/model';
 * const gpt2 = createModel({ model_type: 'gpt2', vocab_size: 50257, n_embd: 768, n_head: 12, n_layer: 12 });
 * // 6 · (85,056,000 + 50,257 · 768) + 12 · 12 · 768 · 1024
 * if (flopsPerToken(gpt2, { length: 1024 }).training !== 855_166_464) throw new Error('of GPT-2 small');
 * ```
 */
export function flopsPerToken(model: Pick<Model, 'parameters' | 'shape'>, { length }: { length: number }): { forward: number; training: number } {
  if ('decoderLayers' in model.shape) throw new RangeError('flopsPerToken: expected a model of one stack but found an encoder and a decoder, whose lengths differ. Use flopsPerPair.');
  if (!(length >= 1)) throw new RangeError(`flopsPerToken: expected a length of 1 or more but found ${length}`);
  const { active, head } = parameterCount(model);
  const { layers, heads, headDim } = model.shape;
  const forward = 2 * (active + head) + 4 * layers * heads * headDim * length;
  return { forward, training: 3 * forward };
}

/**
 * Floating-point operations of an encoder-decoder model for one pair of texts, a multiplication and an addition counted as two.
 *
 *   forward = 2 · n · (N_encoder + K) + 2 · m · (N_decoder − K + V · d) + 4 · heads · headDim · (layers · n² + decoderLayers · (m² + m · n))
 *
 * n and m are the lengths for the encoder and the decoder, K the matrices of the decoder that make keys and values of the encoded text;
 * training = 3 · forward. What is not counted is as for `flopsPerToken`.
 *
 * @example
 * ```ts
 * import { createEncoderDecoder, flopsPerPair } from '@llm/model';
 * const t5 = createEncoderDecoder({ model_type: 't5', vocab_size: 32128, d_model: 512, d_kv: 64, d_ff: 2048, num_layers: 6, num_heads: 8 });
 * const { forward, training } = flopsPerPair(t5, { encoderLength: 512, decoderLength: 114 });
 * if (training !== 3 * forward) throw new Error('a backward pass is twice the forward pass');
 * ```
 */
export function flopsPerPair(
  { parameters, shape }: Pick<EncoderDecoder, 'parameters' | 'shape'>, { encoderLength, decoderLength }: { encoderLength: number; decoderLength: number },
): { forward: number; training: number } {
  for (const [name, length] of Object.entries({ encoderLength, decoderLength })) {
    if (!(length >= 1)) throw new RangeError(`flopsPerPair: expected ${name} of 1 or more but found ${length}`);
  }
  const of = (pattern: RegExp): number => sizeOf(parameters.filter(({ name }) => pattern.test(name)));
  const cross = of(/\.EncDecAttention\.[kv]\.weight$/);
  const products = 2 * encoderLength * (of(/^encoder\./) + cross) + 2 * decoderLength * (of(/^decoder\./) - cross + shape.vocabSize * shape.width);
  const scores = shape.layers * encoderLength ** 2 + shape.decoderLayers * (decoderLength ** 2 + decoderLength * encoderLength);
  const forward = products + 4 * shape.heads * shape.headDim * scores;
  return { forward, training: 3 * forward };
}
