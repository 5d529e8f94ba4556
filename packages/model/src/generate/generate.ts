import { philox } from '@llm/kernels';
import { deviceInUse, embed, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { SpecialIds } from '../config/special-ids.ts';
import { kvCache, selectRows } from '../layers/kv-cache.ts';
import type { Model } from '../model.ts';
import { checkPrompts } from './check-prompts.ts';
import type { Draw, Row } from './decoder.ts';
import { hostDecoder } from './host-decoder.ts';
import { lastLogits } from './last-logits.ts';
import { nextTask } from './next-task.ts';
import { recordedDecoder } from './recorded-decoder.ts';
import type { Sampler } from './sampler.ts';
import { defaultSampler } from './samplers.ts';

export interface GenerateOptions {
  /** Tokens per row at most; default 128. */
  readonly maxTokens?: number;
  /** Ids that end a row, and are its last token; default those of config.json (generation_config.json of a chat model may name more). */
  readonly eosIds?: readonly number[];
  /** Sequences of ids that end a row, and are its last tokens. */
  readonly stop?: readonly (readonly number[])[];
  /** Default `defaultSampler()`. */
  readonly sampler?: Sampler;
  /** Rows draw from streams of this seed by their index; default 0. */
  readonly seed?: number;
  /** Ends the generation between two steps. */
  readonly signal?: AbortSignal;
  /** Gives each token its log-probability before the samplers: under the model alone, or under its logits divided by this temperature. */
  readonly logprobs?: boolean | { readonly temperature: number };
  /** Continuations of each prompt, which runs once for all of them; default 1. Row = prompt · samples + sample. */
  readonly samples?: number;
  /** Tokens of a prompt that run at once; default 256. */
  readonly prefillTokens?: number;
  /** How many bits a number in the cache of keys and values takes: 8 or 4, with a scale for 32 of them, or 32, the default. */
  readonly cacheBits?: 32 | 8 | 4;
}

/** Why a row ended: an end token, a stop sequence, `maxTokens`, or the end of the model's context. */
export type EndReason = 'eos' | 'stop' | 'length' | 'context';

export interface GeneratedToken {
  /** Which prompt it continues; with several samples, prompt · samples + sample. */
  readonly row: number;
  readonly id: number;
  readonly logprob?: number;
  /** Set on the last token of a row. */
  readonly done?: true;
  readonly reason?: EndReason;
}

/** Tokens for which the cache has room at first; it doubles when they are used up, so that a large `maxTokens` costs nothing by itself. */
const FIRST_ROOM = 256;

/**
 * Continues prompts, all of them in one batch through a KV cache, and yields each token as soon as it is drawn.
 *
 * Prompts may differ in length. The tokens of a row depend on its prompt, the seed and its index alone, up to rounding. A row
 * that reaches the model's last position ends with the reason `context`; older tokens are never dropped. When `signal` aborts,
 * the iteration ends within a step, without an error.
 *
 * @throws RangeError for a prompt that is empty, longer than the context, or holds an id outside the vocabulary.
 *
 * @example
 * ```ts
 * import { createModel, generate } from '@llm/model';
 * import { disposeTree, useDevice } from '@llm/tensor';
 * await useDevice();
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 4, n_head: 2, n_layer: 1 });
 * const params = model.init(0);
 * const ids: number[] = [];
 * for await (const { id } of generate(model, params, [[1, 2]], { maxTokens: 3, seed: 1 })) ids.push(id);
 * if (ids.length !== 3) throw new Error('three tokens');
 * disposeTree(params);
 * ```
 */
export async function* generate(
  model: Model, params: Tree, prompts: readonly ArrayLike<number>[], options: GenerateOptions = {},
): AsyncGenerator<GeneratedToken, void, undefined> {
  const {
    maxTokens = 128, eosIds = (model.config as SpecialIds).eosIds ?? [], stop = [], sampler = defaultSampler(), seed = 0, signal, logprobs = false,
    prefillTokens = 256, samples = 1, cacheBits = 32,
  } = options;
  const { maxPositions } = model.shape;
  checkPrompts(prompts, { shape: model.shape, maxTokens, prefillTokens, samples });
  if (prompts.length === 0) return;
  const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0);
  const ends = new Set(eosIds);
  let active = Array.from({ length: prompts.length * samples }, (_, row): Row => {
    const prompt = prompts[Math.floor(row / samples)]!;
    return { row, history: Array.from(prompt), uniform: philox(seed, row).uniform, prompt: prompt.length, ended: false };
  });
  // The last token drawn is never run, so it needs no room.
  const mostRoom = Math.min(maxPositions, longest + maxTokens - 1);
  let cache = kvCache(model.shape, { batch: prompts.length, capacity: Math.min(mostRoom, longest + FIRST_ROOM), bits: cacheBits });
  const decoder = (deviceInUse() === 'cpu' ? hostDecoder : recordedDecoder)({ model, params, sampler, logprobs: logprobs === false ? undefined : logprobs === true ? 1 : logprobs.temperature });
  const aborted = async (): Promise<boolean> => {
    await nextTask();
    return signal?.aborted ?? false;
  };
  try {
    const first: Draw[] = [];
    for (let from = 0; from < longest; from += prefillTokens) {
      if (await aborted()) return;
      const count = Math.min(prefillTokens, longest - from);
      const ids = Int32Array.from({ length: prompts.length * count }, (_, i) => prompts[Math.floor(i / count)]![from + (i % count)] ?? 0);
      const places = prompts.flatMap(({ length }, i) => (length > from && length <= from + count ? [i * count + length - 1 - from] : []));
      const logits = lastLogits({ model, params, cache }, { ids, count, places });
      if (logits !== undefined) {
        const ending = active.filter(({ prompt }) => prompt > from && prompt <= from + count);
        (await decoder.draw(repeated(logits, samples), ending)).forEach((draw, i) => { first[ending[i]!.row] = draw; });
      }
      cache.truncate(prompts.map(({ length }) => Math.min(length, from + count)));
    }
    if (samples > 1) cache = selectRows(cache, active.map((_, row) => Math.floor(row / samples)), { shape: model.shape });
    let step = Promise.resolve<readonly Draw[]>(first);
    for (;;) {
      // All rows have as many tokens, so their last one comes at once.
      const goesOn = active.every(({ ended, history, prompt }) => !ended && history.length - prompt + 1 < maxTokens);
      const ahead = goesOn ? decoder.ahead(cache, active) : undefined;
      // Whoever waits for it is told what went wrong; nobody does where all rows end first.
      ahead?.catch(() => {});
      const draws = await step;
      if (await aborted()) return;
      const going: number[] = [];
      for (const [i, drawing] of active.entries()) {
        const { row, history, prompt } = drawing;
        if (drawing.ended) continue;
        const { id, logprob } = draws[i]!();
        history.push(id);
        const reason = endOf(history, { prompt, maxTokens, maxPositions, ends, stop });
        drawing.ended = reason !== undefined;
        if (reason === undefined) going.push(i);
        yield { row, id, ...(logprob === undefined ? {} : { logprob }), ...(reason === undefined ? {} : { done: true as const, reason }) };
      }
      if (going.length === 0) return;
      if (ahead !== undefined) {
        step = ahead;
        continue;
      }
      const full = Math.max(...cache.lengths) >= cache.capacity;
      if (going.length < active.length || full) {
        cache = selectRows(cache, going, { shape: model.shape, capacity: full ? Math.min(mostRoom, 2 * cache.capacity) : cache.capacity });
        active = going.map((i) => active[i]!);
      }
      if (await aborted()) return;
      step = decoder.step(cache, active);
    }
  } finally {
    cache.dispose();
    decoder.dispose();
  }
}

/** Each row so many times, one after the other; frees the rows. */
function repeated(rows: Tensor, times: number): Tensor {
  if (times === 1) return rows;
  const index = tensor(Int32Array.from({ length: rows.shape[0]! * times }, (_, i) => Math.floor(i / times)), undefined, 'int32');
  const all = embed(index, rows);
  rows.dispose();
  index.dispose();
  return all;
}

/** Why a row ends with its last token, if it does. */
export function endOf(history: readonly number[], { prompt, maxTokens, maxPositions, ends, stop }: {
  prompt: number; maxTokens: number; maxPositions: number; ends: ReadonlySet<number>; stop: readonly (readonly number[])[];
}): EndReason | undefined {
  if (ends.has(history.at(-1)!)) return 'eos';
  const made = history.length - prompt;
  if (stop.some((ids) => ids.length > 0 && ids.length <= made && ids.every((id, i) => id === history[history.length - ids.length + i]))) return 'stop';
  if (made >= maxTokens) return 'length';
  return history.length > maxPositions ? 'context' : undefined;
}
