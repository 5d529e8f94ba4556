import { causalBatch, type Collate, countTargets, type TargetBatch } from '../collate.ts';
import { IGNORED, tokensInRow } from '../packing/pack-documents.ts';
import { below } from '../row-random.ts';

/** Rows of which all tokens see the beginning. */
export interface PrefixBatch extends TargetBatch {
  /** [rows]: how long the beginning is. */
  readonly prefixes: Int32Array;
}

/**
 * Prefix language modelling: the beginning of a row, up to a place drawn anew each time, is read in both directions and not predicted;
 * the rest is, token by token. The loss is `causalLoss`.
 *
 *   prefix length uniform from 1 to one less than the tokens of the row
 *
 * Documents of one row do not see each other. Raffel et al. 2019, https://arxiv.org/abs/1910.10683, section 3.2
 *
 * @example
 * ```ts
 * import { batches, IGNORED, packDocuments, prefixLm } from '@llm/pretrain';
 * const rows = packDocuments([[5, 6, 7, 8, 9, 10]], { length: 6 });
 * const [batch] = batches(rows, { batch: 1, seed: 0, collate: prefixLm });
 * const first = batch!.targets.findIndex((target) => target !== IGNORED);
 * if (first !== batch!.prefixes[0]! - 1) throw new Error('the last token of the prefix tells the first one after it');
 * ```
 */
export const prefixLm: Collate<PrefixBatch> = (drawn) => {
  const batch = causalBatch(drawn);
  // A row of a single token is all prefix.
  const lengths = Int32Array.from(drawn, ({ rows, index, length, random }) => 1 + below(Math.min(length, tokensInRow(rows, index)) - 1, random));
  lengths.forEach((length, row) => batch.targets.fill(IGNORED, row * batch.length, row * batch.length + length - 1));
  return { ...batch, targetCount: countTargets(batch.targets), prefixes: lengths };
};
