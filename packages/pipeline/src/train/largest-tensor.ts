import type { Model } from '@llm/model';

/** As the loss divides its rows: at most 2²¹ logits at a time, but at least 96 rows. */
const CHUNK_LOGITS = 2 ** 21;
const MIN_ROWS = 96;

/**
 * The bytes of the largest tensor of a training step, since a graphics card binds a tensor as a whole: a parameter, what a layer
 * makes of all tokens, or a chunk of logits.
 *
 *   4 · max(largest parameter, batch · length · max(mlpWidth, heads · headDim + 2 · kvHeads · headDim), rows · vocabulary)
 */
export function largestTensor({ shape, parameters }: Pick<Model, 'parameters' | 'shape'>, { batch, length }: { readonly batch: number; readonly length: number }): number {
  const { heads, kvHeads, headDim, mlpWidth, vocabSize } = shape;
  const tokens = batch * length;
  const rows = Math.min(tokens, Math.max(MIN_ROWS, Math.floor(CHUNK_LOGITS / vocabSize)));
  const largest = parameters.reduce((most, { shape: of }) => Math.max(most, of.reduce((a, b) => a * b, 1)), 0);
  return 4 * Math.max(largest, tokens * Math.max(mlpWidth, (heads + 2 * kvHeads) * headDim), rows * vocabSize);
}
