import { createHash } from 'node:crypto';
import type { Ifd, SftExample } from '@llm/data-quality';
import { answerAlone, answerLosses, encodeExample, type Example, keepStart, targetsOf } from '@llm/sft';
import { CliError } from '../cli/cli-error.ts';
import { hashWeights } from '../run/hash-weights.ts';
import { onceInBatches } from '../stage/in-batches.ts';
import type { OpenModel } from '../train/open-model.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { ScoreProgress } from './score-progress.ts';

/** What a model finds of an answer. */
export interface AnswerDifficulty extends Ifd {
  /** e to the mean loss of the answer after its instruction. */
  readonly perplexity: number;
}

export interface AnswerLossesOptions {
  readonly opened: OpenModel;
  /** Tokens of an example at most; the rest of its answer is not read. */
  readonly length: number;
  /** Examples at a time. */
  readonly batch: number;
  readonly cache: AnswerCache;
  readonly progress: ScoreProgress;
  readonly signal: AbortSignal;
}

/** Names a model by its configuration, tokenizer, template and first weights, so that losses are those of this one. */
export async function modelHash({ model, params, tokenizerJson, template }: OpenModel): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(model.config)).update(tokenizerJson).update(template?.source ?? '');
  await hashWeights(hash, params);
  return hash.digest('hex');
}

/** The tokens of an example, of which those of the last answer are learned: by the model's chat template, else each turn on lines of its own. */
function encoded({ turns }: SftExample, { opened: { tokenizer, template, bosId, model }, length }: Pick<AnswerLossesOptions, 'opened' | 'length'>): Example {
  const messages = turns.map((turn) => ({ ...turn }));
  const [before, answer] = [messages.slice(0, -1), messages.slice(-1)];
  const eosId = model.config.eosIds?.[0] ?? bosId;
  const text = before.map(({ content }) => `${content}\n`).join('');
  const example = template !== undefined ? encodeExample({ format: 'messages', prompt: before, completion: answer }, { tokenizer, template })
    : encodeExample({ format: 'prompt-completion', prompt: text, completion: answer[0]!.content }, { tokenizer, ...(eosId === undefined ? {} : { eosId }) });
  const begins = template !== undefined || bosId === undefined || example.ids[0] === bosId;
  return keepStart(begins ? example : { ids: Int32Array.of(bosId, ...example.ids), weights: Float32Array.of(0, ...example.weights) }, length);
}

/**
 * The losses of the last answer of each example, after its instruction and alone, in batches of like lengths; null where nothing of the
 * answer is within `length` tokens. What the cache knows is not computed again.
 *
 * @throws CliError E_LOSS for losses that are no numbers, E_TOKENIZER without a token to put before an answer that stands alone; the signal's reason.
 */
export async function answerDifficulties(examples: readonly SftExample[], options: AnswerLossesOptions): Promise<(AnswerDifficulty | null)[]> {
  const { opened, batch, cache, progress, signal } = options;
  const { model, params } = opened;
  const beginId = opened.bosId ?? model.config.bosId ?? model.config.eosIds?.[0];
  if (beginId === undefined) throw new CliError('E_TOKENIZER', 'llm data score: expected a model with a token that begins or ends a text but found none in its config.json. Add bos_token_id or eos_token_id.');
  const name = await modelHash(opened);
  const found = new Array<AnswerDifficulty | null>(examples.length).fill(null);
  const waiting: { readonly place: number; readonly key: string; readonly given: Example; readonly alone: Example }[] = [];
  for (const [place, example] of examples.entries()) {
    signal.throwIfAborted();
    const given = encoded(example, options);
    const key = `ifd ${name} ${given.ids.join()} ${given.weights.join()}`;
    const known = cache.get(key);
    if (known !== undefined) found[place] = difficultyOf(JSON.parse(known) as [number, number]);
    else if (targetsOf(given) > 0) waiting.push({ place, key, given, alone: answerAlone(given, { bosId: beginId }) });
    if (known !== undefined || targetsOf(given) === 0) progress.add(1, { cached: 1 });
  }
  waiting.sort((a, b) => b.given.ids.length - a.given.ids.length);
  for (const some of onceInBatches(waiting, batch)) {
    signal.throwIfAborted();
    const conditioned = await answerLosses(model, params, { examples: some.map(({ given }) => given), batch });
    const alone = await answerLosses(model, params, { examples: some.map((each) => each.alone), batch });
    for (const [i, { place, key }] of some.entries()) {
      const pair = [conditioned[i]!, alone[i]!] as const;
      if (!(Number.isFinite(pair[0]) && Number.isFinite(pair[1]) && pair[1] > 0)) throw new CliError('E_LOSS', `llm data score: expected finite losses above 0 but found ${pair.join(' and ')} for ${examples[place]!.id}. Check the model: its training may have diverged.`);
      cache.set(key, JSON.stringify(pair));
      found[place] = difficultyOf(pair);
    }
    progress.add(some.length, { tokens: some.reduce((sum, { given, alone: apart }) => sum + given.ids.length + apart.ids.length, 0) });
  }
  return found;
}

function difficultyOf([conditioned, alone]: readonly [number, number]): AnswerDifficulty {
  return { ifd: conditioned / alone, conditioned, alone, perplexity: Math.exp(conditioned) };
}
