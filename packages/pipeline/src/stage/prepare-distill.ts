import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  compareModels, type DistillationReport, type DistillBatch, distillBatch, distillLoss, type FeatureMatch, hiddenCosine, keepTop, keptTeacher, localTeacher, measureDecode, type MeasuredModel, onPolicyBatches, type Teacher,
  withoutProjections, withProjections,
} from '@llm/distill';
import { type TeacherCache, writeTeacherCache } from '@llm/distill/node';
import { savePretrained } from '@llm/model/node';
import { bfd, type Example, type Row, toBatch } from '@llm/sft';
import { countParameters, disposeTree, flatten, type Tree } from '@llm/tensor';
import { adamw, linear } from '@llm/train';
import { bytes, count } from '../cli/format.ts';
import { UsageError } from '../cli/cli-error.ts';
import { shownPath } from '../cli/shown-path.ts';
import { html } from '../report/html.ts';
import { replaceText } from '../run/replace-text.ts';
import type { Sample } from '../train/run-samples.ts';
import { batchesFrom } from '../train/training-batches.ts';
import { type DistillData, distillData } from './distill-data.ts';
import { heldOutKl, judgeOf, qualityOf, reportTable, reportText } from './distill-judge.ts';
import { type ChosenLoss, lossOf } from './distill-losses.ts';
import type { DistillOptions } from './distill-options.ts';
import { mapText, openStudent, teacherParams } from './distill-student.ts';
import { inBatches } from './in-batches.ts';
import type { Stage, StageContext } from './stage.ts';
import type { Figures } from './stage-record.ts';
import { type StageModel, stageModel } from './stage-model.ts';

/** The file that says what was kept. */
export const DISTILLATION_FILE = 'distillation.json';

/** Distillation, from its flags. */
export async function prepareDistill(options: DistillOptions, context: StageContext): Promise<Stage<DistillBatch>> {
  const { io, folder } = context;
  const { batch, accumulate, seed, states } = options;
  const chosen = lossOf(options);
  checkFlags(options, chosen);
  const stage = await stageModel({ ...options, lora: undefined, 'lora-alpha': undefined, 'lora-targets': undefined, 'lora-dropout': 0, 'lora-variant': 'lora', base: 'f32' }, context);
  const owned: Tree[] = [];
  const dispose = (): void => { for (const tree of owned) disposeTree(tree); stage.dispose(); };
  try {
    const student = await openStudent(options, stage, context);
    owned.push(student.params);
    const above = await teacherParams(stage.params, options['teacher-bits']);
    owned.push(above);
    const teacher = { ...stage, params: above };
    const data = await distillData(options, stage, context);
    const length = Math.min(options['max-length'], stage.model.shape.maxPositions);
    const features: FeatureMatch[] = states === 0 ? [] : [{ student: 'last', teacher: 'last', loss: hiddenCosine(), weight: states }];
    const wide = student.model.shape.width !== stage.model.shape.width;
    const params = features.length > 0 && wide ? withProjections(student.params, { features, width: student.model.shape.width, teacherWidth: stage.model.shape.width, seed }) : student.params;
    owned.push(params);
    const cache = options.cache === undefined || data.records === undefined ? undefined : await cached(data.records.examples, { options, chosen, teacher, data, context });
    const source = sourceOf(data, { options, lambda: chosen.lambda, length });
    const steps = options.steps ?? Math.max(1, Math.floor(source.perEpoch * options.epochs / accumulate));
    const judge = judgeOf(data, { stage, batch, length });
    const ofTeacher = (await judge(stage.model, above)).figures;
    const smaller = 1 - sizeOf(student.params) / sizeOf(above);
    let samples: readonly Sample[] = [];
    let last: { figures: Figures } = { figures: ofTeacher };
    let report: DistillationReport | undefined;
    const local = localTeacher(stage.model, above);
    const kept = keptTeacher();
    const either: Teacher = (each, asked) => (each.kept === undefined ? local : kept)(each, asked);
    const loss = distillLoss(student.model, { loss: chosen.loss, teacher: either, features, checkpointed: options.checkpointed });
    return {
      inputs: { model: stage.sha256, ...data.hashes },
      params, steps, accumulate, clipNorm: options['clip-norm'], seed,
      loss: (tree, each, { denominator }) => loss(tree, each, { denominator }),
      batches: (drawn) => source.batches(drawn, { cache, student: { ...student, params }, eosId: stage.eosId }),
      optimizer: adamw({ lr: linear(options.lr ?? 5e-4, { warmupSteps: Math.min(options.warmup, steps), steps }), beta2: 0.99, weightDecay: options['weight-decay'] }),
      evalEvery: options['eval-every'] ?? Math.max(1, Math.ceil(steps / 4)), saveEvery: options['save-every'] ?? Math.max(1, Math.ceil(steps / 4)),
      async evaluate() {
        const found = await judge(student.model, params);
        const kl = await heldOutKl(data, { stage, student: student.model, params, teacher: above, batch });
        last = found;
        samples = found.samples;
        const { quality_drop: drop } = compareModels(plain(ofTeacher), plain(found.figures));
        return { ...found.figures, 'val/kl': kl, quality_drop: drop, size_reduction: smaller };
      },
      samples: () => Promise.resolve(samples),
      async save() {
        const own = withoutProjections(params);
        await savePretrained(folder, { model: student.model, params: own, tokenizer: { json: stage.tokenizerJson, config: { chat_template: stage.template.source } } });
        const speeds = await decodeSpeeds([[stage.model, above], [student.model, own]], { prompts: [[stage.eosId]] });
        const measured = (tree: Tree, figures: Figures, tokensPerSecond: number): MeasuredModel => ({ parameters: countParameters(tree), bytes: sizeOf(tree), tokensPerSecond, quality: qualityOf(figures) });
        report = compareModels(measured(above, ofTeacher, speeds[0]!), measured(own, last.figures, speeds[1]!));
        await replaceText(join(folder, DISTILLATION_FILE), `${JSON.stringify({ ...report, teacher_model: options.model, cache: cache === undefined ? null : { k: cache.k, bytes: cache.bytes, mean_tail: cache.error.meanTail, worst_slope: cache.error.worstSlope, kl_bound_range_10: cache.error.klBound(10) }, map: student.map ?? null }, null, 2)}\n`);
        return `${reportText(report)}\n\nSaved ${shownPath(folder, io.cwd)} (a Hugging Face folder).`;
      },
      get sections() {
        return [
          ...(report === undefined ? [] : [{ title: 'Teacher and student', body: reportTable(report) }]),
          ...(student.map === undefined ? [] : [{ title: 'What the student began as', body: html`<details><summary>${count(student.map.length)} parameters</summary><pre>${mapText(student.map)}</pre></details>` }]),
        ];
      },
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** A model of which quality alone is known. */
const plain = (figures: Figures): MeasuredModel => ({ parameters: 1, bytes: 1, tokensPerSecond: 1, quality: qualityOf(figures) });

/** Refuses flags that contradict each other, before anything is opened. */
function checkFlags({ cache, data, text, 'text-share': share, states }: DistillOptions, { lambda }: ChosenLoss): void {
  if (cache !== undefined && states > 0) throw new UsageError('llm distill: expected --cache, which keeps probabilities alone, or --states but found both. Leave one out.');
  if (cache !== undefined && lambda > 0) throw new UsageError('llm distill: expected --cache, which keeps what was asked before, or --lambda above 0 but found both. What the student says itself nobody asked before: leave one out.');
  if (cache !== undefined && data === undefined) throw new UsageError('llm distill: expected --data with --cache but found none. Text is met once: asking the teacher for it beforehand saves nothing.');
  if (lambda > 0 && data === undefined) throw new UsageError(`llm distill: expected --data, whose prompts the student goes on with, for --lambda ${lambda} but found none.`);
  if (text !== undefined && data !== undefined && !(share > 0 && share < 1)) throw new UsageError(`llm distill: expected --text-share between 0 and 1 but found ${share}. Leave --text or --data out for one alone.`);
}

/** Tokens a second of some models, which take turns, so that what else the machine does befalls them alike. */
async function decodeSpeeds(models: readonly (readonly [StageModel['model'], Tree])[], options: { readonly prompts: readonly (readonly number[])[] }): Promise<number[]> {
  const best = models.map(() => 0);
  for (let round = 0; round < 3; round++) {
    for (const [i, [model, tree]] of models.entries()) best[i] = Math.max(best[i]!, await measureDecode(model, tree, { ...options, rounds: 1 }));
  }
  return best;
}

const sizeOf = (tree: Tree): number => [...new Set(Object.values(flatten(tree)))].reduce((sum, tensor) => sum + 4 * tensor.size, 0);

/** What the teacher says of every example, kept in the run's folder, where a stop leaves what is done. */
async function cached(examples: readonly Example[], { options, chosen, teacher, data, context: { folder, say, io } }: {
  options: DistillOptions; chosen: ChosenLoss; teacher: StageModel; data: DistillData; context: StageContext;
}): Promise<TeacherCache> {
  const k = Math.min(options.cache!, teacher.model.shape.vocabSize);
  const { batch } = options;
  const key = createHash('sha256').update(JSON.stringify([teacher.sha256, options['teacher-bits'], data.hashes, options['eval-share'], options.seed, options['max-length'], k, chosen.temperature])).digest('hex');
  const cache = await writeTeacherCache(join(folder, 'teacher'), {
    key, count: examples.length,
    sequences: (from) => keepTop(teacher.model, teacher.params, batchesOf(examples.slice(from).map((example) => [example]), { batch, signal: io.stop }), { k, temperature: chosen.temperature }),
    onShard: (done) => { say(`The teacher was asked for ${count(done)} of ${count(examples.length)} examples.`); },
  });
  const { meanTail, worstSlope, klBound } = cache.error;
  say(`The teacher's likeliest ${k} tokens of ${count(cache.targets)} targets take ${bytes(cache.bytes)}. The rest has ${(100 * meanTail).toFixed(2)} % of its probability on average; gradients by logits differ by ${worstSlope.toPrecision(2)} of 2 at most, and KL by less than ${klBound(10).toPrecision(2)} nats for a student whose other logits lie within 10.`);
  return cache;
}

function* batchesOf(rows: readonly Row[], { batch, signal }: { batch: number; signal: AbortSignal }): Generator<DistillBatch> {
  for (let from = 0; from < rows.length; from += batch) {
    signal.throwIfAborted();
    yield distillBatch(toBatch(rows.slice(from, from + batch)));
  }
}

interface Source {
  /** Micro-batches until every record, or all text, was met once. */
  readonly perEpoch: number;
  batches(drawn: number, options: { readonly cache: TeacherCache | undefined; readonly student: { readonly model: StageModel['model']; readonly params: Tree }; readonly eosId: number }): AsyncGenerator<DistillBatch>;
}

/** Records and text in turn, by the share of text; micro-batch n is the same whether the run began before it or with it. */
function sourceOf({ records, text }: DistillData, { options, lambda, length }: { options: DistillOptions; lambda: number; length: number }): Source {
  const { batch, seed, 'text-share': asked, 'max-tokens': maxTokens } = options;
  const share = text === undefined ? 0 : records === undefined ? 1 : asked;
  const packed: readonly Row[] = records === undefined ? [] : lambda > 0 ? records.examples.map((example) => [example]) : bfd(records.examples, { length });
  const perEpoch = records === undefined ? Math.floor(text!.rows.count / batch) : Math.ceil(Math.ceil(packed.length / batch) / (1 - share));
  return {
    perEpoch,
    async *batches(drawn, { cache, student, eosId }) {
      const texts = Math.floor(drawn * share);
      const ofText = text === undefined ? undefined : batchesFrom(text.rows, { batch, seed, drawn: texts })[Symbol.iterator]();
      const ofRecords = records === undefined ? undefined : inBatches(packed, { batch, seed, drawn: drawn - texts });
      for (let n = drawn; ; n++) {
        if (Math.floor((n + 1) * share) > Math.floor(n * share)) {
          yield distillBatch(ofText!.next().value!);
          continue;
        }
        const rows = ofRecords!.next().value as Row[];
        if (lambda > 0) {
          const prompts = rows.map(([example]) => ({ ids: example!.ids, promptLength: Math.max(1, example!.weights.findIndex((weight) => weight > 0)) }));
          for await (const each of onPolicyBatches(student.model, student.params, [prompts], { lambda, maxTokens, eosIds: [eosId], padId: eosId, seed, first: n, temperature: options.temperature ?? 0.9 })) yield each;
          continue;
        }
        const kept = await cache?.rows(rows.flat().map((example) => example.index!));
        yield distillBatch(toBatch(rows, { padId: eosId }), kept === undefined ? {} : { kept });
      }
    },
  };
}
