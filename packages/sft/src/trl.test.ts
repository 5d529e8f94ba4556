import { readFileSync } from 'node:fs';
import { createModel, paramsFromTensors } from '@llm/model';
import { disposeTree, memory, readSafetensors, useDevice } from '@llm/tensor';
import { chatTemplate, tokenizerFromJson, type TokenizerJson } from '@llm/tokenizer';
import { expectClose } from '@llm/testing';
import { adamw, cosine, linear, type Step, train } from '@llm/train';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeExample } from './examples/encode-example.ts';
import type { Example } from './examples/example.ts';
import { readExamples } from './formats/read-example.ts';
import { dft } from './loss/dft.ts';
import { nll } from './loss/nll.ts';
import { sftLoss } from './loss/sft-loss.ts';
import { tokenMetrics } from './loss/token-metrics.ts';
import { inOrder } from './order/shuffled.ts';
import { batches } from './rows/batches.ts';
import { bfd, bfdSplit } from './rows/best-fit-decreasing.ts';
import { padded } from './rows/padded.ts';
import type { Row } from './rows/row.ts';
import { IGNORED, type SftBatch } from './rows/to-batch.ts';
import { keepEnd, keepStart } from './rows/truncation.ts';
import { wrapped } from './rows/wrapped.ts';

interface Settings {
  readonly max_length?: number;
  readonly truncation_mode?: 'keep_start' | 'keep_end';
  readonly packing?: boolean;
  readonly packing_strategy?: 'bfd' | 'bfd_split' | 'wrapped';
  readonly completion_only_loss?: boolean;
  readonly assistant_only_loss?: boolean;
  readonly loss_type?: 'dft';
  readonly per_device_train_batch_size: number;
  readonly gradient_accumulation_steps?: number;
  readonly learning_rate: number;
  readonly weight_decay?: number;
  readonly warmup_steps?: number;
  readonly lr_scheduler_type?: 'cosine';
}
interface TrlRow { readonly input_ids: number[]; readonly labels: number[]; readonly seq_lengths?: number[] }
interface TrlBatch { readonly input_ids: number[][]; readonly labels: number[][]; readonly position_ids?: number[][] }
interface TrlStep { readonly loss: number; readonly grad_norm: number; readonly lr: number; readonly mean_token_accuracy: number; readonly entropy: number; readonly num_tokens: number; readonly batches: TrlBatch[] }
interface Fixture {
  readonly tokenizer: { readonly bos_token: string; readonly eos_token: string };
  readonly template: string;
  readonly configs: Record<string, Record<string, unknown>>;
  readonly encoded: Record<string, { readonly records: unknown[]; readonly settings: Settings; readonly rows: TrlRow[] }>;
  readonly trajectories: Record<string, { readonly model: string; readonly records: unknown[]; readonly settings: Settings; readonly steps: TrlStep[] }>;
}

const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const fixture = JSON.parse(file('trl.json').toString()) as Fixture;
const tokenizer = tokenizerFromJson(JSON.parse(file('tokenizer.json').toString()) as TokenizerJson);
const { bos_token: bosToken, eos_token: eosToken } = fixture.tokenizer;
const template = chatTemplate(fixture.template, { bosToken, eosToken });

/** Our way from records to rows, by the settings of an SFTConfig. */
function rowsOf(records: unknown[], settings: Settings): readonly Row[] {
  const examples = readExamples(records).map((raw) => encodeExample(raw, {
    tokenizer, template, eosId: tokenizer.specialTokens.get(eosToken)!, specialsInContent: 'control',
    ...(settings.completion_only_loss === undefined ? {} : { completionOnlyLoss: settings.completion_only_loss }),
    ...(settings.assistant_only_loss === undefined ? {} : { assistantOnlyLoss: settings.assistant_only_loss }),
  }));
  if (settings.packing === true) return { bfd, bfd_split: bfdSplit, wrapped }[settings.packing_strategy ?? 'bfd'](examples, { length: settings.max_length! });
  return padded(examples, { ...(settings.max_length === undefined ? {} : { maxLength: settings.max_length }), truncation: settings.truncation_mode === 'keep_end' ? keepEnd : keepStart }).rows;
}

const labelsOf = ({ ids, weights }: Example): number[] => [...ids].map((id, i) => (weights[i] === 0 ? IGNORED : id));

describe('records become the rows of TRL', () => {
  test.each(Object.entries(fixture.encoded))('%s', (_name, { records, settings, rows }) => {
    const found = rowsOf(records, settings).map((row) => ({
      input_ids: row.flatMap(({ ids }) => [...ids]), labels: row.flatMap(labelsOf), ...(rows[0]!.seq_lengths === undefined ? {} : { seq_lengths: row.map(({ ids }) => ids.length) }),
    }));
    // TRL keeps a first token whose label is set; neither counts it as a target.
    expect(found).toEqual(rows);
  });
});

/** Ids and targets of the examples of a batch, one list for each. */
function ours({ ids, targets, positions, rows, length }: SftBatch): [number[], number[]][] {
  const found: [number[], number[]][] = [];
  for (let row = 0; row < rows; row++) {
    for (let i = row * length; i < (row + 1) * length; i++) {
      if (ids[i] === 0) continue;
      if (positions[i] === 0) found.push([[], []]);
      found.at(-1)![0].push(ids[i]!);
      found.at(-1)![1].push(targets[i]!);
    }
  }
  return found;
}
function theirs({ input_ids: ids, labels, position_ids: positions }: TrlBatch): [number[], number[]][] {
  const found: [number[], number[]][] = [];
  ids.forEach((row, r) => row.forEach((id, i) => {
    if (id === 0) return;
    if ((positions?.[r]?.[i] ?? i) === 0) found.push([[], []]);
    found.at(-1)![0].push(id);
    const next = positions?.[r]?.[i + 1] === 0 ? IGNORED : labels[r]![i + 1] ?? IGNORED;
    found.at(-1)![1].push(next);
  }));
  return found;
}

describe.each(Object.entries(fixture.trajectories))('ten steps of SFTTrainer: %s', (_name, { model: name, records, settings, steps }) => {
  beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });
  const model = createModel(fixture.configs[name]!);
  const accumulate = settings.gradient_accumulation_steps ?? 1;
  const stream = () => {
    const rows = rowsOf(records, settings);
    return batches(rows, { batch: settings.per_device_train_batch_size, order: inOrder(rows.length), epochs: 2 });
  };

  test('the batches are the same', () => {
    const drawn = stream();
    const found: SftBatch[] = [];
    for (const batch of drawn) if (found.push(batch) === steps.length * accumulate) break;
    expect(found.map(ours)).toEqual(steps.flatMap(({ batches: each }) => each.map(theirs)));
    expect(drawn.position.tokens).toBe(steps.at(-1)!.num_tokens);
  });

  test('losses, gradient norms, accuracy and entropy are the same', async () => {
    const params = paramsFromTensors(model, readSafetensors(file(`${name}.safetensors`)).tensors);
    const schedule = settings.lr_scheduler_type === 'cosine' ? cosine : linear;
    const lr = schedule(settings.learning_rate, { steps: steps.length, warmupSteps: settings.warmup_steps ?? 0 });
    expectClose(steps.map((_, step) => lr(step)), steps.map((step) => step.lr), { tolerance: 1e-9 });
    // Trainer decays embeddings too; our default leaves them out.
    const decays = (path: string): boolean => !/(\.bias|ln_\w+\.weight|norm\.weight)$/.test(path);
    const optimizer = adamw({ lr, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: settings.weight_decay ?? 0, decays });
    const loss = sftLoss(model, { objective: settings.loss_type === 'dft' ? dft() : nll() });
    const metrics = async (step: number): Promise<{ accuracy: number; entropy: number }> => {
      // TRL averages over micro-batches, whatever their sizes.
      const each: { meanTokenAccuracy: number; entropy: number }[] = [];
      let at = 0;
      for (const batch of stream()) {
        if (at >= step * accumulate && at < (step + 1) * accumulate) each.push(await tokenMetrics(model, params, { batches: [batch] }));
        at++;
      }
      return { accuracy: each.reduce((sum, { meanTokenAccuracy }) => sum + meanTokenAccuracy, 0) / each.length, entropy: each.reduce((sum, { entropy }) => sum + entropy, 0) / each.length };
    };
    const found: Step[] = [];
    const measured = [await metrics(0)];
    const before = memory().tensors;
    for await (const step of train({ params, loss, batches: stream(), optimizer, accumulate, clipNorm: 1, steps: steps.length })) {
      found.push(step);
      if (step.index + 1 < steps.length) measured.push(await metrics(step.index + 1));
    }
    const relative = (values: number[], exact: number[], label: string): void => expectClose(values.map((value, i) => value / exact[i]!), exact.map(() => 1), { tolerance: 1e-4, name: label });
    relative(found.map((step) => step.loss), steps.map((step) => step.loss), 'loss');
    relative(found.map((step) => step.gradNorm), steps.map((step) => step.grad_norm), 'gradient norm');
    relative(measured.map(({ entropy }) => entropy), steps.map((step) => step.entropy), 'entropy');
    expectClose(measured.map(({ accuracy }) => accuracy), steps.map((step) => step.mean_token_accuracy), { tolerance: 1e-6, name: 'accuracy' });
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });
});
