import { linear, linearLoss, mul, scope, slice, softmax, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { DistillBatch } from '../distill-batch.ts';
import type { DistillContext } from '../distill-loss.ts';
import { type DistilledModel, predictedStates } from '../predicted-states.ts';
import { withoutGradient } from '../without-gradient.ts';
import { type AlignedGroup, alignTokens, type Offsets } from './align-tokens.ts';
import { mergeChain } from './merge-probabilities.ts';
import { uld } from './uld.ts';

/** The same texts in the tokens of both, one text a row, and where each learned token lies in its text. */
export interface CrossBatch {
  readonly student: DistillBatch;
  readonly teacher: DistillBatch;
  /** Of the targets of each row: places in the text that follows the prompt, in the same units on both sides. */
  readonly studentOffsets: readonly Offsets[];
  readonly teacherOffsets: readonly Offsets[];
  /** Texts: what the loss is the mean over. */
  readonly targetCount: number;
}

export interface CrossTokenizerLossOptions {
  readonly teacher: DistilledModel;
  readonly teacherParams: Tree;
  /** Of merged probabilities [groups, vocabulary] of both → [groups]; default `uld`, or `gold({ shared })`. */
  readonly loss?: (student: Tensor, teacher: Tensor) => Tensor;
  /** Divides the logits of both; default 1. */
  readonly temperature?: number;
  /** Keep only the input of each layer and run it again in the backward pass; default false. */
  readonly checkpointed?: boolean;
}

/**
 * Distillation from a teacher with another tokenizer, for `train`: texts are compared piece by piece, at whose ends the tokens of both end.
 *
 *   L = Σ_texts mean over pieces ℓ(p_S(piece), p_T(piece)) / texts
 *
 * The probability of a piece is that of its last token given those before it, times theirs (TRL's `bayesian`). The logits of one text exist at a
 * time.
 *
 * @throws RangeError for offsets that are not as many as the targets of their rows.
 *
 * @example
 * ```ts
 * import { crossTokenizerLoss, distillBatch } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const of = (vocab_size: number) => createModel({ model_type: 'gpt2', vocab_size, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const [student, teacher] = [of(16), of(20)];
 * const row = (...ids: number[]) => distillBatch({ rows: 1, length: ids.length, ids: Int32Array.from(ids), targets: Int32Array.from([...ids.slice(1), -100]), positions: Int32Array.from(ids, (_, i) => i), segments: new Int32Array(ids.length), packed: false, restarts: false });
 * const batch = { student: row(0, 4, 5), teacher: row(0, 7), studentOffsets: [[[0, 2], [2, 3]] as const], teacherOffsets: [[[0, 3]] as const], targetCount: 1 };
 * const loss = crossTokenizerLoss(student, { teacher, teacherParams: teacher.init(1) })(student.init(0), batch).dataSync()[0]!;
 * if (!(loss > 0.5 && loss < 2)) throw new Error('two tokens are one');
 * ```
 */
export function crossTokenizerLoss(
  model: DistilledModel, { teacher, teacherParams, loss = uld, temperature = 1, checkpointed = false }: CrossTokenizerLossOptions,
): (params: Tree, batch: CrossBatch, context?: DistillContext) => Tensor {
  return (params, batch, { denominator = batch.targetCount } = {}) => scope(() => {
    const texts = textsOf(batch);
    // Both in one pass over all texts; only logits are made text by text.
    const states = withoutGradient(() => predictedStates(teacher, teacherParams, batch.teacher).states);
    const teacherHead = teacher.head(teacherParams);
    const own = predictedStates(model, params, batch.student, { checkpointed });
    return linearLoss(own.states, own.head, (logits, { from }) => {
      const { student, teacher: other, groups } = texts.find((text) => text.student.from === from)!;
      if (groups.length === 0) return mul(sum(logits), 0);
      const merged = (z: Tensor, side: 'student' | 'teacher', ids: Int32Array): Tensor => (
        mergeChain(softmax(mul(z, 1 / temperature)), { groups: groups.map((group) => group[side]), ids: tensor(ids, [ids.length], 'int32') })
      );
      const target = withoutGradient(() => merged(linear(slice(states, [other.from, 0], [other.count, states.shape[1]!]), teacherHead), 'teacher', idsOf(batch.teacher, other)));
      return mul(sum(loss(merged(logits, 'student', idsOf(batch.student, student)), target)), 1 / groups.length);
    }, { denominator, chunkRows: texts.map(({ student }) => student.count) });
  });
}

interface Range { readonly from: number; readonly count: number }

const idsOf = ({ targets }: DistillBatch, { from, count }: Range): Int32Array => targets.slice(from, from + count);

/** The targets of each text on both sides, and how they go together; texts in which the student has nothing to learn are left out. */
function textsOf({ student, teacher, studentOffsets, teacherOffsets }: CrossBatch): { readonly student: Range; readonly teacher: Range; readonly groups: readonly AlignedGroup[] }[] {
  const [own, other] = [rangesOf(student, studentOffsets, 'student'), rangesOf(teacher, teacherOffsets, 'teacher')];
  if (own.length !== other.length) throw new RangeError(`crossTokenizerLoss: expected as many texts for both but found ${own.length} and ${other.length}. Put one text in a row.`);
  return own.map((range, row) => ({
    student: range, teacher: other[row]!, groups: alignTokens(studentOffsets[row]!, teacherOffsets[row]!).filter((group) => group.student.length > 0 && group.teacher.length > 0),
  })).filter((text) => text.student.count > 0);
}

/** The targets of each row, which must be as many as its offsets. */
function rangesOf({ rows, length, places }: DistillBatch, offsets: readonly Offsets[], side: string): Range[] {
  let from = 0;
  return Array.from({ length: rows }, (_, row) => {
    let count = 0;
    while (from + count < places.length && places[from + count]! < (row + 1) * length) count++;
    const found = offsets[row]?.length ?? 0;
    if (found !== count) throw new RangeError(`crossTokenizerLoss: expected offsets for the ${count} targets of row ${row} of the ${side} but found ${found}. Give one for each target.`);
    from += count;
    return { from: from - count, count };
  });
}
