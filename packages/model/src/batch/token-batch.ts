import { type Tensor, tensor, type Tree } from '@llm/tensor';
import type { ApplyOptions, Model, ModelInputs } from '../model.ts';

/** Rows of tokens on the host, as a training batch brings them. Each array is [rows, length], row after row. */
export interface TokenBatch {
  readonly rows: number;
  readonly length: number;
  readonly ids: Int32Array;
  /** The place of each token in its document; counts from 0. */
  readonly positions: Int32Array;
  /** The document of each token within its row: tokens see only their own. */
  readonly segments: Int32Array;
  /** Some row holds several documents, or padding that a bidirectional model must not see: the segments say something. */
  readonly packed: boolean;
  /** In some row positions do not simply count from 0. */
  readonly restarts: boolean;
  /** [rows]: how many first tokens of each row all of it sees, for a causal model; default none. */
  readonly prefixes?: Int32Array;
  /** The place of each token within its span, for GLM; default all 0. */
  readonly blockPositions?: Int32Array;
  /** Which of two texts each token is from, for BERT; default all 0. */
  readonly tokenTypes?: Int32Array;
}

/**
 * The states of a batch before the head, [rows, length, width].
 *
 * Positions and segments go to the model only where they say something: a batch with one document a row costs no mask.
 *
 * @throws RangeError for rows longer than the model's context and for ids outside its vocabulary.
 *
 * @example
 * ```ts
 * import { createModel, hiddenOf } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const row = (...values: number[]) => Int32Array.from(values);
 * const batch = { rows: 1, length: 3, ids: row(1, 2, 3), positions: row(0, 1, 2), segments: row(0, 0, 0), packed: false, restarts: false };
 * const { shape } = hiddenOf(model, model.init(0), batch);
 * if (shape.join() !== '1,3,8') throw new Error('rows, length, width');
 * ```
 */
export function hiddenOf(model: Pick<Model, 'hidden' | 'shape'>, params: Tree, batch: TokenBatch, options: ApplyOptions = {}): Tensor {
  checkRows(batch, { ...model.shape, name: 'hiddenOf' });
  const { ids, positions, segments, rows, length, packed, restarts, prefixes, blockPositions, tokenTypes } = batch;
  // What the model cannot tell by itself the batch says, so that a recorded step depends on nothing else.
  const matrix = (values: Int32Array): Tensor => tensor(values, [rows, length], 'int32');
  const inputs: ModelInputs = {
    ids: matrix(ids),
    ...(restarts ? { positions: matrix(positions) } : {}),
    ...(packed ? { segments: matrix(segments) } : {}),
    ...(prefixes === undefined ? {} : { prefixes: tensor(prefixes, [rows], 'int32') }),
    ...(blockPositions === undefined ? {} : { blockPositions: matrix(blockPositions) }),
    ...(tokenTypes === undefined ? {} : { tokenTypes: matrix(tokenTypes) }),
  };
  return model.hidden(params, inputs, options);
}

/** Refuses rows that a model cannot take, before anything is allocated. */
export function checkRows(
  { ids, length, positions, restarts = false }: Pick<TokenBatch, 'ids' | 'length'> & Partial<Pick<TokenBatch, 'positions' | 'restarts'>>,
  { maxPositions, vocabSize, name }: { maxPositions: number; vocabSize: number; name: string },
): void {
  // A row whose positions start again may be longer than the context: none of its documents or branches may.
  const needed = restarts && positions !== undefined ? positions.reduce((most, position) => Math.max(most, position + 1), 0) : length;
  if (needed > maxPositions) {
    throw new RangeError(`${name}: expected rows of at most ${maxPositions} tokens, the context of the model, but found ${needed}. Make them shorter, or pack with a shorter length.`);
  }
  for (const id of ids) {
    if (!(id >= 0 && id < vocabSize)) throw new RangeError(`${name}: expected ids below ${vocabSize}, the vocabulary of the model, but found ${id}. Use the model's own tokenizer.`);
  }
}
