import { sizeOf } from './layers/parameters.ts';
import type { Model } from './model.ts';

/** What a model's arithmetic is counted from. */
export interface ParameterCount {
  /** All trained numbers, a tied head once. */
  readonly total: number;
  /** Those of the token and position embeddings. */
  readonly embeddings: number;
  /** Those of the blocks and the final norm: the N of scaling laws. */
  readonly nonEmbedding: number;
  /** vocabulary · width, whether tied or not: the head multiplies, though a tied one has no numbers of its own. */
  readonly head: number;
}

/** Counts the numbers of a model by what they do. */
export function parameterCount({ parameters, shape }: Pick<Model, 'parameters' | 'shape'>): ParameterCount {
  const total = sizeOf(parameters);
  const head = shape.vocabSize * shape.width;
  const embeddings = sizeOf(parameters.filter(({ name }) => /\b(embed_tokens|wte|wpe)\.weight$/.test(name)));
  return { total, embeddings, nonEmbedding: total - embeddings - (shape.tied ? 0 : head), head };
}

/**
 * Floating-point operations per token at a context of `length` tokens, a multiplication and an addition counted as two.
 *
 *   forward = 2 · (N + V · d) + 4 · layers · heads · headDim · length;  training = 3 · forward
 *
 * N is `nonEmbedding` (norms and biases included, as is the habit), V · d the head. The second term is q · kᵀ and p · v over the
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
  if (!(length >= 1)) throw new RangeError(`flopsPerToken: expected a length of 1 or more but found ${length}`);
  const { nonEmbedding, head } = parameterCount(model);
  const { layers, heads, headDim } = model.shape;
  const forward = 2 * (nonEmbedding + head) + 4 * layers * heads * headDim * length;
  return { forward, training: 3 * forward };
}
