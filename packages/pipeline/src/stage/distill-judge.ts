import { type DistillationReport, distillBatch, distillLoss, forwardKl, localTeacher, type QualityFigure, softened } from '@llm/distill';
import { generate, greedy, type Model } from '@llm/model';
import { bitsPerByte } from '@llm/pretrain';
import { batchesInOrder, type RawExample, tokenMetrics } from '@llm/sft';
import type { Tree } from '@llm/tensor';
import { bytes, digits, short, table } from '../cli/format.ts';
import { html, type Html, htmlTable } from '../report/html.ts';
import { tokenBytes } from '../train/token-bytes.ts';
import type { Sample } from '../train/run-samples.ts';
import type { DistillData } from './distill-data.ts';
import { type Asked, askedOf } from './prepare-sft.ts';
import type { Figures } from './stage-record.ts';
import type { StageModel } from './stage-model.ts';

/** Greedy answers are this much longer than the longest right one at most. */
const SPARE_TOKENS = 4;
/** Held-out batches whose divergence is measured. */
const KL_BATCHES = 4;

/** What a model is worth on what was held out. */
export interface Judged {
  readonly figures: Figures;
  readonly samples: readonly Sample[];
}

/** Judges any model with the teacher's tokenizer on the same held-out items. */
export function judgeOf({ records, text }: DistillData, { stage, batch, length }: { stage: StageModel; batch: number; length: number }): (model: Model, params: Tree) => Promise<Judged> {
  const { tokenizer, eosId } = stage;
  const asked = (records?.asked ?? []).map((example: RawExample) => askedOf(example, stage)).filter(({ ids }) => ids.length < length - SPARE_TOKENS);
  const byteCounts = text === undefined ? undefined : tokenBytes(tokenizer);
  return async (model, params) => {
    const figures: Record<string, number> = {};
    let samples: Sample[] = [];
    if (records !== undefined) {
      const { loss, meanTokenAccuracy } = await tokenMetrics(model, params, { batches: batchesInOrder(records.validation, { batch, padId: eosId }) });
      Object.assign(figures, { 'val/loss': loss, 'val/token_accuracy': meanTokenAccuracy });
    }
    if (asked.length > 0) {
      const texts = await answers(model, params, { asked, stage });
      figures['val/exact_match'] = texts.filter((each, i) => each.trim() === asked[i]!.answer).length / asked.length;
      samples = asked.slice(0, 4).map(({ prompt }, i) => ({ prompt, text: texts[i]! }));
    }
    if (text !== undefined) figures['val/bits_per_byte'] = (await bitsPerByte(model, params, { batches: text.validation, tokenBytes: byteCounts! })).bitsPerByte;
    return { figures, samples };
  };
}

async function answers(model: Model, params: Tree, { asked, stage: { tokenizer, eosId } }: { asked: readonly Asked[]; stage: StageModel }): Promise<string[]> {
  const most = Math.max(...asked.map(({ answer }) => tokenizer.encode(answer).length)) + SPARE_TOKENS;
  const made = asked.map((): number[] => []);
  for await (const { row, id } of generate(model, params, asked.map(({ ids }) => ids), { maxTokens: most, sampler: greedy, eosIds: [eosId] })) made[row]!.push(id);
  return made.map((ids) => tokenizer.decode(ids, { skipSpecial: true }));
}

/** KL(teacher ‖ student) on some of what was held out, in nats a token. */
export async function heldOutKl({ records, text }: DistillData, { stage, student, params, teacher, batch }: { stage: StageModel; student: Model; params: Tree; teacher: Tree; batch: number }): Promise<number> {
  const loss = distillLoss(student, { loss: softened(forwardKl()), teacher: localTeacher(stage.model, teacher) });
  const some = [
    ...(records === undefined ? [] : [...batchesInOrder(records.validation, { batch, padId: stage.eosId })].slice(0, KL_BATCHES)), ...(text?.validation ?? []).slice(0, KL_BATCHES),
  ].map((each) => distillBatch(each)).filter(({ targetCount }) => targetCount > 0);
  let [sum, targets] = [0, 0];
  for (const each of some) {
    const value = loss(params, each, { denominator: 1 });
    sum += (await value.data())[0]!;
    value.dispose();
    targets += each.targetCount;
  }
  return sum / Math.max(1, targets);
}

/** The figures that say what a student kept: those of a task, or of a text, or else its loss. */
export function qualityOf(figures: Figures): Record<string, QualityFigure> {
  const quality: Record<string, QualityFigure> = {};
  if (figures['val/exact_match'] !== undefined) quality['exact_match'] = { value: figures['val/exact_match'] };
  if (figures['val/bits_per_byte'] !== undefined) quality['bits_per_byte'] = { value: figures['val/bits_per_byte'], better: 'lower' };
  if (Object.keys(quality).length === 0) quality['loss'] = { value: figures['val/loss']!, better: 'lower' };
  return quality;
}

const rows = ({ teacher, student, kept, size_reduction: smaller, speed_up: faster }: DistillationReport): [string, string, string, string][] => [
  ['parameters', short(teacher.parameters), short(student.parameters), ''],
  ['size', bytes(teacher.bytes), bytes(student.bytes), `${(100 * smaller).toFixed(0)} % smaller`],
  ['tokens a second', digits(teacher.tokensPerSecond), digits(student.tokensPerSecond), `${faster.toFixed(2)}× as fast`],
  ...Object.keys(kept).map((name): [string, string, string, string] => [name, digits(teacher.quality[name]!.value), digits(student.quality[name]!.value), `${(100 * kept[name]!).toFixed(1)} % kept`]),
];
const HEADER = ['', 'teacher', 'student', ''] as const;

/** The report as lines. */
export const reportText = (report: DistillationReport): string => table([...HEADER], rows(report));

/** The report as a table of the page. */
export const reportTable = (report: DistillationReport): Html => html`${htmlTable([...HEADER], rows(report))}`;
