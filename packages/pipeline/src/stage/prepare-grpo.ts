import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { generate, greedy } from '@llm/model';
import {
  type Answer, byBatch, byGroup, cispo, completionRows, dapo, drGrpo, groupAdvantages, grpo, gspo, type Objective, type PolicyBatch, policyBatch, policyLoss, type Prompt, type Reward, rewardRound,
  rollouts, roundReport, scoreTokens, separateRows, sharedPrefix, softOverlong, thinkFormat, unscaled,
} from '@llm/preference';
import { adamw, linear } from '@llm/train';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { count } from '../cli/format.ts';
import type { StageOptions } from '../commands/stage-args.ts';
import { heldOut } from './held-out.ts';
import { inBatches, onceInBatches } from './in-batches.ts';
import { preferenceTokenizer } from './read-pairs.ts';
import { readRecords } from './read-records.ts';
import type { Stage, StageContext } from './stage.ts';
import { type StageModel, stageModel } from './stage-model.ts';
import type { Figures } from './stage-record.ts';

/** What the flags of learning from rewards say. */
export interface GrpoOptions extends StageOptions {
  readonly reward: readonly string[];
  readonly samples: number;
  readonly 'max-tokens': number;
  readonly temperature: number;
  readonly objective: string;
  readonly scale: keyof typeof SCALES;
  readonly beta: number;
  readonly epsilon?: number | undefined;
  readonly 'epsilon-high'?: number | undefined;
  readonly layout: string;
  readonly 'eval-questions': number;
}

/** A question, and the record that it came from. */
export interface Question extends Prompt {
  readonly text: string;
  /** What is right, where the record says it. */
  readonly answer: string | undefined;
  readonly record: Readonly<Record<string, unknown>>;
}

/** Objectives by name. */
export const OBJECTIVES: Readonly<Record<string, (options: { epsilon?: number; epsilonHigh?: number; beta?: number; maxTokens: number }) => Objective>> = {
  dapo, grpo, dr_grpo: drGrpo, gspo, cispo: ({ epsilonHigh, beta }) => cispo({ ...(epsilonHigh === undefined ? {} : { epsilonHigh }), ...(beta === undefined ? {} : { beta }) }),
};
export const SCALES = { group: byGroup(), batch: byBatch(), none: unscaled } as const;
/** Questions that are answered at once when the model is evaluated. */
const AT_ONCE = 64;

/** Rewards by name; anything else is a module of the user's. */
const REWARDS: Readonly<Record<string, (options: { maxTokens: number }) => Reward<Question>>> = {
  exact: () => ({ text, prompt: { answer }, reason }) => (answer === undefined ? undefined : Number(reason === 'eos' && text.trim() === answer.trim())),
  contains: () => ({ text, prompt: { answer } }) => (answer === undefined ? undefined : Number(text.includes(answer.trim()))),
  think: () => thinkFormat,
  brief: ({ maxTokens }) => softOverlong({ maxTokens, margin: Math.max(1, Math.floor(maxTokens / 4)) }),
};
export const REWARD_NAMES: readonly string[] = Object.keys(REWARDS);

/** Group-relative policy optimisation, from its flags. */
export async function prepareGrpo(options: GrpoOptions, context: StageContext): Promise<Stage<PolicyBatch>> {
  const { io, say } = context;
  const { batch: prompts, accumulate, seed, samples, 'max-tokens': maxTokens, temperature, beta, epsilon, 'epsilon-high': epsilonHigh } = options;
  if (options.reward.length === 0) throw new UsageError(`llm grpo: expected --reward with one or more of ${REWARD_NAMES.join(', ')} or modules but found nothing.`);
  if (beta > 0 && options.lora === undefined) throw new UsageError('llm grpo: expected --lora with --beta but found none. The reference is the model without its adapter; train an adapter, or leave --beta out.');
  const functions = await Promise.all(options.reward.map((name) => rewardOf(name, { cwd: io.cwd, maxTokens })));
  const stage = await stageModel(options, context);
  const { model, params, reference, tokenizer, eosId } = stage;
  try {
    const { train, validation, hashes } = await readQuestions(options, stage, context);
    const decode = (ids: Int32Array): string => tokenizer.decode(ids, { skipSpecial: true });
    const objective = OBJECTIVES[options.objective]!({ maxTokens, ...(epsilon === undefined ? {} : { epsilon }), ...(epsilonHigh === undefined ? {} : { epsilonHigh }), ...(beta === 0 ? {} : { beta }) });
    const layout = options.layout === 'separate' ? separateRows() : sharedPrefix();
    const steps = options.steps ?? Math.max(1, Math.floor(Math.ceil(train.length / prompts) * options.epochs / accumulate));
    let latest: Figures = {};
    say(`${count(train.length)} questions to train on, ${count(validation.length)} held out; ${samples} answers each, ${prompts} questions a step.`);
    return {
      inputs: { model: stage.sha256, ...hashes },
      params, trainable: stage.trainable, steps, accumulate, clipNorm: options['clip-norm'], seed,
      loss: policyLoss(model, objective, { temperature, checkpointed: options.checkpointed }),
      async *batches(drawn) {
        let at = drawn;
        for (const asked of inBatches(train, { batch: prompts, seed, drawn })) {
          // A round is a function of the weights and its number, so that a run goes on as it would have.
          const [round] = await all(rollouts(model, params, [asked], { samples, maxTokens, temperature, eosIds: [eosId], seed: (seed * 1_000_003 + at++) >>> 0, signal: io.stop }));
          if (round === undefined) return;
          const { rewards } = await rewardRound(round, { rewards: functions, decode });
          const refLogProbs = beta > 0 ? (await scoreTokens(model, reference!, completionRows(round, { layout }), { temperature })).logProbs : undefined;
          const { reward, rewardDeviation, length, truncated, entropy, flatGroups, repetition, kl } = roundReport(round, { rewards, ...(refLogProbs === undefined ? {} : { refLogProbs }) });
          latest = { 'reward/mean': reward, 'reward/std': rewardDeviation, 'completions/length': length, 'completions/clipped': truncated, 'completions/repeated': repetition, entropy, 'groups/flat': flatGroups, ...(kl === undefined ? {} : { kl }) };
          const advantages = groupAdvantages(rewards, { samples, scale: SCALES[options.scale] });
          yield policyBatch(round, { objective, advantages, layout, ...(refLogProbs === undefined ? {} : { refLogProbs }) });
        }
      },
      optimizer: adamw({ lr: linear(options.lr ?? 1e-6, { warmupSteps: Math.min(options.warmup, steps), steps }), beta2: 0.999, weightDecay: options['weight-decay'] }),
      evalEvery: options['eval-every'] ?? Math.max(1, Math.ceil(steps / 8)), saveEvery: options['save-every'] ?? Math.max(1, Math.ceil(steps / 4)),
      evaluate: async () => ({ 'val/reward': await meanReward(validation, { stage, functions, decode, maxTokens }) }),
      stepFigures: () => Promise.resolve(latest),
      save: stage.save,
      dispose: stage.dispose,
    };
  } catch (error) {
    stage.dispose();
    throw error;
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The mean reward of greedy answers. */
export async function meanReward(questions: readonly Question[], { stage: { model, params, eosId }, functions, decode, maxTokens }: {
  stage: StageModel; functions: readonly Reward<Question>[]; decode: (ids: Int32Array) => string; maxTokens: number;
}): Promise<number> {
  let [sum, scored] = [0, 0];
  for (const some of onceInBatches(questions, AT_ONCE)) {
    const made = some.map((): { ids: number[]; reason: Answer['reason'] } => ({ ids: [], reason: 'length' }));
    for await (const { row, id, reason } of generate(model, params, some.map(({ ids }) => ids), { maxTokens, sampler: greedy, eosIds: [eosId] })) {
      made[row]!.ids.push(id);
      if (reason !== undefined) made[row]!.reason = reason;
    }
    const groups = some.map((prompt, i) => ({ prompt, completions: [{ ids: Int32Array.from(made[i]!.ids), logProbs: new Float32Array(made[i]!.ids.length), reason: made[i]!.reason }] }));
    for (const reward of (await rewardRound({ groups }, { rewards: functions, decode })).rewards) {
      if (Number.isNaN(reward)) continue;
      sum += reward;
      scored++;
    }
  }
  if (scored === 0) throw new CliError('E_REWARD', 'llm: expected rewards of held-out questions but found that none could be judged. Check that records have an answer, or use another --reward.');
  return sum / scored;
}

/** Questions of records: `prompt` (text or messages), or the messages before the last answer; `answer` or the completion is what is right. */
export async function readQuestions(options: GrpoOptions, stage: StageModel, { io }: StageContext): Promise<{ train: Question[]; validation: Question[]; hashes: Readonly<Record<string, string>> }> {
  const { data, 'eval-data': evalData } = options;
  if (data === undefined) throw new UsageError('llm: expected --data with files of questions but found nothing.');
  const encoder = preferenceTokenizer(stage);
  const own = await readRecords(data, io.cwd);
  const held = evalData === undefined ? undefined : await readRecords(evalData, io.cwd);
  const split = held === undefined ? heldOut(own.records, { share: options['eval-share'], seed: options.seed }) : { train: own.records, validation: held.records };
  const most = stage.model.shape.maxPositions - options['max-tokens'];
  const questions = (records: readonly unknown[]): Question[] => records.map((record, i) => questionOf(record, i, encoder)).filter(({ ids }) => ids.length <= most);
  const [train, validation] = [questions(split.train), questions(split.validation)];
  if (train.length === 0 || validation.length === 0) throw new CliError('E_EMPTY', `llm: expected questions of at most ${most} tokens to train on and to hold out but found ${train.length} and ${validation.length}. Lower --max-tokens, or use shorter questions.`);
  return { train, validation: validation.slice(0, options['eval-questions']), hashes: { data: own.sha256, ...(held === undefined ? {} : { 'eval-data': held.sha256 }) } };
}

function questionOf(record: unknown, index: number, encoder: ReturnType<typeof preferenceTokenizer>): Question {
  const { prompt, messages, completion, answer } = (record ?? {}) as { prompt?: unknown; messages?: unknown; completion?: unknown; answer?: unknown };
  const all = (Array.isArray(prompt) ? prompt : Array.isArray(messages) ? messages : []) as { role?: unknown; content?: unknown }[];
  const said = all.findLastIndex(({ role }) => role === 'assistant');
  const asked = (said < 0 ? all : all.slice(0, said)).map(({ role, content }) => ({ role: String(role), content: String(content) }));
  const right = answer ?? completion ?? (said < 0 ? undefined : all[said]!.content);
  const known = { answer: right === undefined || right === null ? undefined : String(right), record: record as Readonly<Record<string, unknown>> };
  if (typeof prompt === 'string') return { ids: Array.from(encoder.encode(prompt)), text: prompt, ...known };
  if (asked.length > 0) return { ids: Array.from(encoder.encodeMessages!(asked, { generationPrompt: true })), text: asked.at(-1)!.content, ...known };
  throw new CliError('E_FORMAT', `llm: expected prompt or messages in record ${index} but found ${Object.keys((record ?? {}) as object).join(', ') || 'no fields'}.`);
}

/** A reward by name, or the default export of a module: `({ text, prompt: { record, answer } }) => number`. */
export async function rewardOf(name: string, { cwd, maxTokens }: { cwd: string; maxTokens: number }): Promise<Reward<Question>> {
  const known = REWARDS[name];
  if (known !== undefined) return known({ maxTokens });
  if (!/[./\\]/.test(name)) throw new UsageError(`llm: expected --reward to be one of ${REWARD_NAMES.join(', ')} or a module but found ${name}.`);
  const loaded = await import(pathToFileURL(resolve(cwd, name)).href).catch((cause: unknown) => { throw new CliError('E_REWARD', `llm: expected a module with a reward at ${name} but it could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause }); }) as { default?: unknown };
  if (typeof loaded.default !== 'function') throw new CliError('E_REWARD', `llm: expected ${name} to export a function as its default but found ${typeof loaded.default}. Write: export default ({ text, prompt }) => 1`);
  return loaded.default as Reward<Question>;
}
