import { type ApplyOptions, hiddenOf, type TokenBatch } from '@llm/model';
import { embed, reshape, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { HeadedModel } from './with-head.ts';

/** Rows of tokens that say where each sequence ends. */
export interface EndedBatch extends TokenBatch {
  /** The place of the last token of each sequence, counted through all rows: row · length + column. */
  readonly ends: Int32Array;
}

/**
 * What the head says of every token: [rows, length], or [rows, length, labels] with more labels than one. A value function.
 *
 *   v_t = W h_t (+ b)
 */
export function tokenScores(model: HeadedModel, params: Tree, batch: TokenBatch, options: ApplyOptions = {}): Tensor {
  return model.head(params, hiddenOf(model, params, batch, options));
}

/**
 * What the head says of each sequence, read at its last token: [sequences], or [sequences, labels]. A reward model.
 *
 *   r = W h_end (+ b)
 */
export function sequenceScores(model: HeadedModel, params: Tree, batch: EndedBatch, options: ApplyOptions = {}): Tensor {
  const hidden = hiddenOf(model, params, batch, options);
  const width = hidden.shape.at(-1)!;
  const states = reshape(hidden, [hidden.size / width, width]);
  return model.head(params, embed(tensor(batch.ends, [batch.ends.length], 'int32'), states));
}
