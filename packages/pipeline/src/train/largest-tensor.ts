import type { Model } from '@llm/model';

/** As the loss divides its rows: at most 2²¹ logits at a time, but at least 96 rows. */
const CHUNK_LOGITS = 2 ** 21;
const MIN_ROWS = 96;
/** A chunk is never more than this on a graphics card, unless one row is. */
const MOST_LOGITS = 2 ** 24;
/** Matrices that stand in GPT-2 as [in, out], which are not cut between their rows. */
const CONV1D = /\.c_\w+\.weight$/;

/** The numbers of the largest parameter that must be one tensor: of a matrix [out, in], whose rows may be in several, one row. */
export function largestParameter(parameters: Model['parameters']): number {
  return parameters.reduce((most, { name, shape }) => Math.max(most, (shape.length === 2 && !CONV1D.test(name) ? shape.slice(1) : shape).reduce((a, b) => a * b, 1)), 0);
}

/**
 * The bytes of the largest tensor of a training step, since a graphics card binds a tensor as a whole: a parameter that cannot be cut
 * into blocks of rows, what a layer makes of all tokens, or a chunk of logits.
 *
 *   4 · max(largest parameter, batch · length · max(mlpWidth, heads · headDim + 2 · kvHeads · headDim), rows · vocabulary)
 */
export function largestTensor({ shape, parameters }: Pick<Model, 'parameters' | 'shape'>, { batch, length }: { readonly batch: number; readonly length: number }): number {
  const { heads, kvHeads, headDim, mlpWidth, vocabSize } = shape;
  const tokens = batch * length;
  const rows = Math.min(tokens, Math.max(MIN_ROWS, Math.floor(CHUNK_LOGITS / vocabSize)), Math.max(1, Math.floor(MOST_LOGITS / vocabSize)));
  return 4 * Math.max(largestParameter(parameters), tokens * Math.max(mlpWidth, (heads + 2 * kvHeads) * headDim), rows * vocabSize);
}
