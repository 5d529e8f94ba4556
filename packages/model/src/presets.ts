import type { Gpt2Config } from './architectures/gpt2.ts';
import type { LlamaConfig } from './architectures/llama.ts';
import type { NanochatConfig } from './architectures/nanochat.ts';

/**
 * A Llama whose sizes follow from its depth: width 64 · depth in heads of 64, an MLP of 8/3 of the width rounded up to 64, a tied
 * head, and one key head for every three query heads where the number allows.
 *
 * Depths 2 to 12 train in a page or on a laptop: with 8,192 tokens depth 4 has 5 million parameters and depth 8 has 30.
 *
 * @example
 * ```ts
 * import { createModel, llamaOfDepth, parameterCount } from '@llm/model';
 * const model = createModel(llamaOfDepth(4, { vocabSize: 8192 }));
 * if (model.shape.width !== 256 || parameterCount(model).total > 6e6) throw new Error('depth 4');
 * ```
 */
export function llamaOfDepth(depth: number, { vocabSize, maxPositions = 1024 }: { vocabSize: number; maxPositions?: number }): LlamaConfig {
  if (!Number.isInteger(depth) || depth < 1 || depth > 128) throw new RangeError(`llamaOfDepth: expected a depth from 1 to 128 but found ${depth}`);
  const hiddenSize = 64 * depth;
  return {
    modelType: 'llama',
    vocabSize,
    hiddenSize,
    intermediateSize: 64 * Math.ceil((8 * hiddenSize) / 3 / 64),
    layers: depth,
    heads: depth,
    kvHeads: depth % 3 === 0 ? depth / 3 : depth,
    headDim: 64,
    maxPositions,
    ropeTheta: 10_000,
    ropeScaling: { type: 'default' },
    normEps: 1e-5,
    tied: true,
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
    qkNorm: false,
    activation: 'silu',
    initStd: 0.02,
  };
}

/**
 * A nanochat whose sizes follow from its depth: width 64 · depth rounded up to whole heads of 128, an MLP of four times the width, a head
 * of its own, logits capped at 15.
 *
 * The project trains it on 12 tokens for each parameter, and gives its later models value embeddings and sliding windows besides, for
 * which the format has no place.
 *
 * @example
 * ```ts
 * import { createModel, nanochatOfDepth } from '@llm/model';
 * const { shape } = createModel(nanochatOfDepth(5, { vocabSize: 8192 }));
 * if (shape.width !== 384 || shape.heads !== 3 || shape.headDim !== 128) throw new Error('320 rounded up to three heads');
 * ```
 */
export function nanochatOfDepth(depth: number, { vocabSize, maxPositions = 2048 }: { vocabSize: number; maxPositions?: number }): NanochatConfig {
  if (!Number.isInteger(depth) || depth < 1 || depth > 128) throw new RangeError(`nanochatOfDepth: expected a depth from 1 to 128 but found ${depth}`);
  const headDim = 128;
  const heads = Math.ceil((64 * depth) / headDim);
  const hiddenSize = heads * headDim;
  return {
    modelType: 'nanochat', vocabSize, hiddenSize, intermediateSize: 4 * hiddenSize, layers: depth, heads, kvHeads: heads, headDim, maxPositions, ropeTheta: 10_000,
    ropeScaling: { type: 'default' }, normEps: 1e-6, tied: false, attentionBias: false, activation: 'relu2', initStd: 0.02, logitSoftCap: 15,
  };
}

/** The sizes of SmolLM2-135M, https://huggingface.co/HuggingFaceTB/SmolLM2-135M. */
export const SMOLLM2_135M: LlamaConfig = {
  modelType: 'llama', vocabSize: 49_152, hiddenSize: 576, intermediateSize: 1536, layers: 30, heads: 9, kvHeads: 3, headDim: 64, maxPositions: 8192,
  ropeTheta: 100_000, ropeScaling: { type: 'default' }, normEps: 1e-5, tied: true, qkvBias: false, outputBias: false, mlpBias: false, qkNorm: false,
  activation: 'silu', initStd: 0.041666666666666664, bosId: 0, eosIds: [0],
};

/** The sizes of GPT-2 small, https://huggingface.co/openai-community/gpt2. */
export const GPT2_SMALL: Gpt2Config = {
  modelType: 'gpt2', vocabSize: 50_257, hiddenSize: 768, intermediateSize: 3072, layers: 12, heads: 12, maxPositions: 1024, normEps: 1e-5,
  activation: 'geluTanh', embeddingDropout: 0.1, residualDropout: 0.1, tied: true, initStd: 0.02, bosId: 50_256, eosIds: [50_256],
};
