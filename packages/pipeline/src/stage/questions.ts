import { type Answer, type Prompt, type Reward, rewardRound } from '@llm/preference';
import { generate, greedy, temperature as atTemperature } from '@llm/model';
import type { Tree } from '@llm/tensor';
import { CliError, UsageError } from '../cli/cli-error.ts';
import type { StageOptions } from '../commands/stage-args.ts';
import { heldOut } from './held-out.ts';
import { onceInBatches } from './in-batches.ts';
import { preferenceTokenizer } from './read-pairs.ts';
import { readRecords } from './read-records.ts';
import type { StageContext } from './stage.ts';
import type { StageModel } from './stage-model.ts';

/** A question, and the record that it came from. */
export interface Question extends Prompt {
  readonly text: string;
  /** What is right, where the record says it. */
  readonly answer: string | undefined;
  readonly record: Readonly<Record<string, unknown>>;
}

/** Questions that are answered at once. */
const AT_ONCE = 64;

/** How answers are judged. */
export interface Judging {
  readonly stage: StageModel;
  /** Default those of the stage. */
  readonly params?: Tree;
  readonly functions: readonly Reward<Question>[];
  readonly maxTokens: number;
  /** Answers are drawn at it, the same ones of each question every time; default the likeliest token each time. */
  readonly temperature?: number;
}

/** What answers are worth, NaN where that cannot be said; and what they are. */
export async function judged(questions: readonly Question[], { stage: { model, params: own, eosId, tokenizer }, params = own, functions, maxTokens, temperature }: Judging): Promise<{ rewards: number[]; texts: string[] }> {
  const found: { rewards: number[]; texts: string[] } = { rewards: [], texts: [] };
  const sampler = temperature === undefined ? greedy : atTemperature(temperature);
  for (const some of onceInBatches(questions, AT_ONCE)) {
    const made = some.map((): { ids: number[]; reason: Answer['reason'] } => ({ ids: [], reason: 'length' }));
    for await (const { row, id, reason } of generate(model, params, some.map(({ ids }) => ids), { maxTokens, sampler, eosIds: [eosId] })) {
      made[row]!.ids.push(id);
      if (reason !== undefined) made[row]!.reason = reason;
    }
    const decode = (ids: Int32Array): string => tokenizer.decode(ids, { skipSpecial: true });
    const groups = some.map((prompt, i) => ({ prompt, completions: [{ ids: Int32Array.from(made[i]!.ids), logProbs: new Float32Array(made[i]!.ids.length), reason: made[i]!.reason }] }));
    found.rewards.push(...(await rewardRound({ groups }, { rewards: functions, decode })).rewards);
    found.texts.push(...made.map(({ ids }) => decode(Int32Array.from(ids))));
  }
  return found;
}

/** The mean reward of answers. */
export async function meanReward(questions: readonly Question[], judging: Judging): Promise<number> {
  const rewards = (await judged(questions, judging)).rewards.filter((reward) => !Number.isNaN(reward));
  if (rewards.length === 0) throw new CliError('E_REWARD', 'llm: expected rewards of held-out questions but found that none could be judged. Check that records have an answer, or use another --reward.');
  return rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
}

/** Flags that say which questions are asked. */
export interface QuestionOptions extends StageOptions {
  readonly 'max-tokens': number;
  readonly 'eval-questions': number;
}

/** Questions of records: `prompt` (text or messages), or the messages before the last answer; `answer` or the completion is what is right. */
export async function readQuestions(options: QuestionOptions, stage: StageModel, { io }: StageContext): Promise<{ train: Question[]; validation: Question[]; hashes: Readonly<Record<string, string>> }> {
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

/** The question of a record. */
export function questionOf(record: unknown, index: number, encoder: ReturnType<typeof preferenceTokenizer>): Question {
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

