import { type Collate, countTargets, type DrawnRow, marks, type TargetBatch } from '../collate.ts';
import { emptyFields, fillRow, IGNORED, tokensInRow } from '../packing/pack-documents.ts';
import { below } from '../row-random.ts';

export interface MaskedTokensOptions {
  /** The token that stands for a hidden one, `[MASK]` or `<mask>`. */
  readonly maskId: number;
  /** Tokens that replace hidden ones at random are drawn from the ids below. */
  readonly vocabSize: number;
  /** Tokens that are never hidden: `[CLS]`, `[SEP]` and the like. Padding never is. */
  readonly specialIds?: Iterable<number>;
  /** Share of tokens that are to be predicted; default 0.15. */
  readonly rate?: number;
  /** Share of these that become `maskId`, and share that becomes any token; the rest stays. Default 0.8 and 0.1, with whole words 1 and 0. */
  readonly maskShare?: number;
  readonly randomShare?: number;
  /** Whether a token begins a word: words are then hidden as a whole. Default: each token on its own. */
  readonly startsWord?: (id: number) => boolean;
}

/**
 * Masked language modelling as BERT and RoBERTa learn: some tokens are hidden, and the model tells what they were. Each epoch hides others.
 *
 *   hidden with probability `rate`; of these `maskShare` become [MASK], `randomShare` any token, the rest stays as it is
 *
 * Documents of one row see only themselves, and nothing sees padding. Draws, row by row, are those of transformers'
 * `DataCollatorForLanguageModeling` for that row: a number for each token for what is hidden, then for what becomes [MASK], for what
 * becomes random, and for the random tokens.
 *
 * Devlin et al. 2018, https://arxiv.org/abs/1810.04805; Liu et al. 2019, https://arxiv.org/abs/1907.11692
 *
 * @throws RangeError for shares outside [0, 1] or that sum to more than 1.
 *
 * @example
 * ```ts
 * import { batches, IGNORED, maskedTokens, packDocuments } from '@llm/pretrain';
 * const rows = packDocuments([[5, 6, 7, 8, 9, 10]], { length: 8, bos: 1, eos: 2 });
 * const collate = maskedTokens({ maskId: 3, vocabSize: 16, specialIds: [1, 2, 3], rate: 0.5 });
 * const [batch] = batches(rows, { batch: 1, seed: 0, collate });
 * if (batch?.ids[0] !== 1 || batch.targets[0] !== IGNORED) throw new Error('special tokens stay');
 * if (batch.targets.every((target) => target === IGNORED)) throw new Error('something is hidden');
 * ```
 */
export function maskedTokens(options: MaskedTokensOptions): Collate<TargetBatch> {
  const { rate = 0.15, startsWord } = options;
  const { maskShare = startsWord === undefined ? 0.8 : 1, randomShare = startsWord === undefined ? 0.1 : 0 } = options;
  for (const [name, value] of Object.entries({ rate, maskShare, randomShare, 'maskShare + randomShare': maskShare + randomShare })) {
    if (!(value >= 0 && value <= 1)) throw new RangeError(`maskedTokens: expected ${name} from 0 to 1 but found ${value}.`);
  }
  const special = new Set(options.specialIds);
  const { maskId, vocabSize } = options;
  /** Which tokens of a row are to be predicted. */
  const hide = (ids: Int32Array, { rows, index, random }: DrawnRow, segments: Int32Array): boolean[] => {
    const filled = tokensInRow(rows, index);
    const draws = Array.from(ids, random);
    const free = Array.from(ids, (id, i) => i < filled && !special.has(id));
    if (startsWord === undefined) return draws.map((draw, i) => free[i]! && draw < rate);
    let hidden = false;
    return draws.map((draw, i) => {
      // A word goes on while its tokens do not begin another one, up to a special token or the end of the document.
      const begins = free[i]! && (startsWord(ids[i]!) || i === 0 || !free[i - 1] || segments[i] !== segments[i - 1]);
      if (begins) hidden = draw < rate;
      return free[i]! && hidden;
    });
  };
  return (drawn) => {
    const length = drawn[0]?.length ?? 0;
    const fields = emptyFields(drawn.length * length);
    for (const [row, each] of drawn.entries()) {
      const [from, to] = [row * length, (row + 1) * length];
      fillRow(each.rows, each.index, { into: fields, at: from, length });
      const ids = fields.ids.subarray(from, to);
      const targets = fields.targets.subarray(from, to);
      const segments = fields.segments.subarray(from, to);
      segments.fill(-1, Math.min(length, tokensInRow(each.rows, each.index)));
      const hidden = hide(ids, each, segments);
      const masked = Array.from(ids, each.random);
      // As in transformers, what is not needed is not drawn.
      const replaced = maskShare === 1 || randomShare === 0 ? [] : Array.from(ids, each.random);
      const words = replaced.map(() => below(vocabSize, each.random));
      for (let i = 0; i < length; i++) {
        targets[i] = hidden[i] ? ids[i]! : IGNORED;
        if (!hidden[i]) continue;
        if (masked[i]! < maskShare) ids[i] = maskId;
        else if (replaced.length > 0 && replaced[i]! < randomShare / (1 - maskShare)) ids[i] = words[i]!;
      }
    }
    return { ...fields, rows: drawn.length, length, targetCount: countTargets(fields.targets), ...marks(fields, length) };
  };
}
