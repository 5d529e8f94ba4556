import { greedy, generate } from '@llm/model';
import {
  answerText, batches, batchesInOrder, bfd, bfdSplit, checkMask, dft, encodeExample, type Example, maskToAnsi, maskToHtml, maskView, messagesOf, nll, padded, promptText, type RawExample,
  readExamples, type Row, type SftBatch, sftLoss, splitExamples, tokenMetrics, wrapped,
} from '@llm/sft';
import { encodeChat } from '@llm/tokenizer';
import { adamw, linear } from '@llm/train';
import { count } from '../cli/format.ts';
import { UsageError } from '../cli/cli-error.ts';
import type { StageOptions } from '../commands/stage-args.ts';
import { html } from '../report/html.ts';
import type { Sample } from '../train/run-samples.ts';
import { readRecords } from './read-records.ts';
import type { Stage, StageContext } from './stage.ts';
import { type StageModel, stageModel } from './stage-model.ts';

/** What the flags of supervised fine-tuning say. */
export interface SftOptions extends StageOptions {
  readonly packing: string;
  readonly 'train-on': string;
  readonly loss: string;
  readonly neftune?: number | undefined;
  readonly 'eval-answers': number;
}

const PACKINGS: Readonly<Record<string, (examples: readonly Example[], length: number) => readonly Row[]>> = {
  bfd: (examples, length) => bfd(examples, { length }),
  bfd_split: (examples, length) => bfdSplit(examples, { length }),
  wrapped: (examples, length) => wrapped(examples, { length }),
};
/** Examples that the report shows with their mask. */
const SHOWN = 5;
/** Greedy answers are this much longer than the longest right one at most. */
const SPARE_TOKENS = 4;

/** Supervised fine-tuning, from its flags. */
export async function prepareSft(options: SftOptions, context: StageContext): Promise<Stage<SftBatch>> {
  const { io, say } = context;
  const { data, 'eval-data': evalData, 'max-length': wanted, batch, accumulate, packing, seed } = options;
  if (data === undefined) throw new UsageError('llm sft: expected --data with files of records but found nothing. See llm sft --help.');
  const stage = await stageModel(options, context);
  const { model, params, tokenizer, template, eosId, bosId } = stage;
  try {
    const train = await readRecords(data, io.cwd);
    const held = evalData === undefined ? undefined : await readRecords(evalData, io.cwd);
    const raw = readExamples(train.records);
    const split = held === undefined ? splitExamples(raw, { validationFraction: options['eval-share'], seed }) : { train: raw, validation: readExamples(held.records) };
    const length = Math.min(wanted, model.shape.maxPositions);
    const encode = (example: RawExample): Example => begun(encodeExample(example, {
      tokenizer, template, eosId, ...(options['train-on'] === 'all' ? { completionOnlyLoss: false } : options['train-on'] === 'assistant' && messagesOf(example).length > 0 ? { assistantOnlyLoss: true } : {}),
    }), messagesOf(example).length > 0 ? undefined : bosId);
    const examples = split.train.map(encode);
    const { warning, maskedShare, trained } = checkMask(examples, { tokenizer });
    say(`${count(examples.length)} examples to train on, ${count(split.validation.length)} held out; ${count(trained)} tokens are learned, ${(100 * maskedShare).toFixed(0)} % only read. The first (what is learned is green):\n${io.isTTY ? maskToAnsi(maskView(examples[0]!, tokenizer)) : plainMask(examples[0]!, stage)}\n`);
    if (warning !== undefined) say(`Note: ${warning}`);
    const pack = PACKINGS[packing];
    const { rows, truncated, dropped } = pack === undefined ? padded(examples, { maxLength: length }) : { rows: pack(examples, length), truncated: examples.filter(({ ids }) => ids.length > length).length, dropped: [] };
    if (truncated + dropped.length > 0) say(`Note: ${count(truncated)} examples are longer than ${length} tokens and were cut; of ${count(dropped.length)} nothing to learn was left.`);
    const validation = padded(split.validation.map(encode), { maxLength: length }).rows;
    const perEpoch = Math.ceil(rows.length / batch);
    const steps = options.steps ?? Math.max(1, Math.floor(perEpoch * options.epochs / accumulate));
    const asked = split.validation.slice(0, options['eval-answers']).map((example) => askedOf(example, stage)).filter(({ ids }) => ids.length < length - SPARE_TOKENS);
    const answers = asked.length === 0 ? undefined : answerer(stage, asked);
    let samples: readonly Sample[] = [];
    return {
      inputs: { model: stage.sha256, data: train.sha256, ...(held === undefined ? {} : { 'eval-data': held.sha256 }) },
      params, trainable: stage.trainable, steps, accumulate, clipNorm: options['clip-norm'], seed,
      loss: stage.withDropout(sftLoss(model, {
        objective: options.loss === 'dft' ? dft() : nll(), checkpointed: options.checkpointed, ...(options.neftune === undefined ? {} : { neftuneAlpha: options.neftune }),
      })),
      batches: (drawn) => batches(rows, {
        batch, seed, epochs: Infinity, padId: eosId, position: { epoch: Math.floor(drawn / perEpoch), index: drawn % perEpoch, tokens: 0 },
      }),
      optimizer: adamw({ lr: linear(options.lr ?? (options.lora === undefined ? 2e-5 : 2e-4), { warmupSteps: Math.min(options.warmup, steps), steps }), beta2: 0.999, weightDecay: options['weight-decay'] }),
      evalEvery: options['eval-every'] ?? Math.max(1, Math.ceil(steps / 8)), saveEvery: options['save-every'] ?? Math.max(1, Math.ceil(steps / 4)),
      async evaluate() {
        const { loss, meanTokenAccuracy } = await tokenMetrics(model, params, { batches: batchesInOrder(validation, { batch, padId: eosId }) });
        const found = await answers?.();
        samples = found?.samples.slice(0, 4) ?? [];
        return { 'val/loss': loss, 'val/token_accuracy': meanTokenAccuracy, ...(found === undefined ? {} : { 'val/exact_match': found.right / asked.length }) };
      },
      samples: () => Promise.resolve(samples),
      save: stage.save,
      sections: [{
        title: 'What is learned', body: html`<p class="soft">${count(trained)} tokens of ${count(examples.length)} examples; what is marked is learned, the rest is only read.</p>${{ markup: examples.slice(0, SHOWN).map((example) => maskToHtml(maskView(example, tokenizer))).join('') }}`,
      }],
      dispose: stage.dispose,
    };
  } catch (error) {
    stage.dispose();
    throw error;
  }
}

/** With the token that begins a text, where the tokenizer does not write it. */
function begun(example: Example, bosId: number | undefined): Example {
  if (bosId === undefined || example.ids[0] === bosId) return example;
  return { ...example, ids: Int32Array.of(bosId, ...example.ids), weights: Float32Array.of(0, ...example.weights) };
}

/** Where colours do not show: what is learned between angle brackets. */
function plainMask(example: Example, { tokenizer }: StageModel): string {
  const { tokens, trained, total } = maskView(example, tokenizer);
  let [text, inside] = ['', false];
  for (const { text: piece, weight } of tokens) {
    if (weight > 0 !== inside) text += inside ? '»' : '«';
    inside = weight > 0;
    text += piece;
  }
  return `${text}${inside ? '»' : ''}\n${trained} of ${total} tokens are learned`;
}

/** A question as the model gets it, and the right answer. */
export interface Asked {
  readonly ids: readonly number[];
  readonly prompt: string;
  readonly answer: string;
}

/** What an example asks, up to where the answer begins. */
export function askedOf(example: RawExample, { tokenizer, template, bosId }: Pick<StageModel, 'tokenizer' | 'template' | 'bosId'>): Asked {
  const messages = messagesOf(example);
  const answer = answerText(example).trim();
  if (messages.length === 0) {
    const prompt = typeof example.prompt === 'string' ? example.prompt : '';
    return { ids: [...(bosId === undefined ? [] : [bosId]), ...tokenizer.encode(prompt, { addSpecialTokens: true })], prompt, answer };
  }
  const before = messages.slice(0, messages.findLastIndex(({ role }) => role === 'assistant'));
  return { ids: [...encodeChat(tokenizer, template, before, { addGenerationPrompt: true }).ids], prompt: promptText(example), answer };
}

/** Answers greedily, and counts the answers that are the right ones to the letter. */
function answerer({ model, params, tokenizer, eosId }: StageModel, asked: readonly Asked[]): () => Promise<{ right: number; samples: { prompt: string; text: string }[] }> {
  const most = Math.max(...asked.map(({ answer }) => tokenizer.encode(answer).length)) + SPARE_TOKENS;
  return async () => {
    const made = asked.map((): number[] => []);
    for await (const { row, id } of generate(model, params, asked.map(({ ids }) => ids), { maxTokens: most, sampler: greedy, eosIds: [eosId] })) made[row]!.push(id);
    const texts = made.map((ids) => tokenizer.decode(ids, { skipSpecial: true }));
    return { right: texts.filter((text, i) => text.trim() === asked[i]!.answer).length, samples: asked.map(({ prompt }, i) => ({ prompt, text: texts[i]! })) };
  };
}
