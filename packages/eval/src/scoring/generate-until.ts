import { generate, greedy, type Model, samplers, temperature, topK, topP } from '@llm/model';
import type { Tree as Params } from '@llm/tensor';
import type { Tokenizer } from '@llm/tokenizer';
import { EvalError } from '../eval-error.ts';
import type { GenerationKwargs } from '../requests/request.ts';

export interface GenerateUntilOptions {
  readonly model: Model;
  readonly params: Params;
  readonly tokenizer: Tokenizer;
  readonly eosIds: readonly number[];
  readonly maxTokens: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** A prompt as ids, how to go on from it, and which request it answers. */
export interface Prompt {
  readonly ids: readonly number[];
  readonly kwargs: GenerationKwargs;
  readonly index: number;
}

const DEFAULT_TOKENS = 256;

/** Tokens that a request may generate. */
export const tokensOf = ({ maxGenToks = DEFAULT_TOKENS }: GenerationKwargs): number => maxGenToks;

/** Whether a request draws its tokens. */
export const draws = ({ doSample, temperature: degrees = 0 }: GenerationKwargs): boolean => doSample ?? degrees > 0;

/** The last ids of a context that leave room for what is generated; EvalError E_SCORER where nothing would be left. */
export function truncatedPrompt(ids: readonly number[], kwargs: GenerationKwargs, maxTokens: number): readonly number[] {
  const room = maxTokens - tokensOf(kwargs);
  if (room < 1) throw new EvalError('E_SCORER', `generateUntil: expected max_gen_toks below ${maxTokens}, the context of the model, but found ${tokensOf(kwargs)}. Set it lower in the task's generation_kwargs.`);
  return ids.length > room ? ids.slice(-room) : ids;
}

/**
 * Continues prompts of equal kwargs, each until its text holds one of `until`, an end token, or as many tokens as may be; the text
 * before whatever ended it. A batch goes on until all its rows have ended.
 */
export async function generateBatch(prompts: readonly Prompt[], { kwargs, samples = 1, stream }: { kwargs: GenerationKwargs; samples?: number; stream: number }, options: GenerateUntilOptions): Promise<string[]> {
  const { model, params, tokenizer, eosIds, seed, signal } = options;
  const until = (kwargs.until ?? []).filter((text) => text !== '');
  const rows = Array.from({ length: prompts.length * samples }, () => ({ text: '', decoder: tokenizer.streamDecoder({ skipSpecial: true }), ended: false }));
  let going = rows.length;
  const lookBack = Math.max(0, ...until.map((text) => text.length));
  const tokens = generate(model, params, prompts.map(({ ids }) => ids), {
    maxTokens: tokensOf(kwargs), eosIds, sampler: samplerOf(kwargs), seed: seed + stream, samples,
    stop: until.map((text) => [...tokenizer.encode(text, { allowSpecial: true })]), ...(signal === undefined ? {} : { signal }),
  });
  for await (const { row, id, done } of tokens) {
    const each = rows[row]!;
    if (each.ended) continue;
    const piece = each.decoder.push(id) + (done ? each.decoder.end() : '');
    each.text += piece;
    const recent = each.text.slice(Math.max(0, each.text.length - piece.length - lookBack));
    if (!done && !until.some((text) => recent.includes(text))) continue;
    each.ended = true;
    if (--going === 0) break;
  }
  signal?.throwIfAborted();
  return rows.map(({ text }) => cutAt(text, until));
}

/** The text before the first of these. */
export function cutAt(text: string, until: readonly string[]): string {
  return until.reduce((left, end) => (end === '' ? left : left.split(end, 1)[0]!), text);
}

function samplerOf(kwargs: GenerationKwargs): typeof greedy {
  if (!draws(kwargs)) return greedy;
  const { topK: k, topP: p, temperature: degrees = 1 } = kwargs;
  return samplers([...(k === undefined ? [] : [topK(k)]), ...(p === undefined ? [] : [topP(p)]), temperature(degrees)]);
}
