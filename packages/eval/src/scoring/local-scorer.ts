import type { Model } from '@llm/model';
import type { Tree as Params } from '@llm/tensor';
import { countParameters } from '@llm/tensor';
import type { ChatTemplate, Tokenizer } from '@llm/tokenizer';
import { EvalError } from '../eval-error.ts';
import { stripEnd } from '../python/text.ts';
import { encodePair, type PairEncoder, type TokenPair } from '../requests/encode-pair.ts';
import type { GenerationRequest, Loglikelihood, LoglikelihoodRequest, Scorer } from '../requests/request.ts';
import { rollingWindows } from '../requests/rolling-windows.ts';
import { draws, generateBatch, type Prompt, truncatedPrompt } from './generate-until.ts';
import { planRows } from './plan-rows.ts';
import { type BranchScore, scoreFamily } from './score-rows.ts';

export interface LocalScorerOptions {
  /** What results call the model; default its type. */
  readonly name?: string;
  /** The context in tokens; default the model's own. */
  readonly maxTokens?: number;
  /** Begin every text with the special tokens that the tokenizer's file puts there; default true, as Hugging Face does. */
  readonly addSpecialTokens?: boolean;
  /** What stands before a text without a context; default the token that begins a text, else the one that ends it. */
  readonly prefixId?: number;
  /** What ends a generated text; default as config.json says. */
  readonly eosIds?: readonly number[];
  /** Tokens that run at once; default 2,048. */
  readonly batchTokens?: number;
  /** Texts that are generated at once; default 8. */
  readonly batchRows?: number;
  /** Run what requests have in common once; default true. Off only to measure what it gains. */
  readonly sharePrefixes?: boolean;
  /** How conversations are written. */
  readonly chatTemplate?: ChatTemplate;
  /** Of texts that are drawn; default 0. */
  readonly seed?: number;
  /** Called with the number of requests that are answered, and of all. */
  readonly onProgress?: (done: number, all: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * A scorer over a model in this process.
 *
 * Equal requests run once. What requests have in common runs once too: the context of several continuations, the examples that many
 * contexts begin with, the words before a blank. Batches hold sequences of like lengths, and change results by no more than
 * rounding. Sequences longer than the context lose their beginning.
 *
 * @throws EvalError E_SCORER for a model that is not causal, one without a token that begins or ends a text, and for continuations that
 *   are empty or longer than the context.
 *
 * @example
 * ```ts
 * import { localScorer } from '@llm/eval';
 * import { createModel } from '@llm/model';
 * import { disposeTree, useDevice } from '@llm/tensor';
 * import { trainBpe } from '@llm/tokenizer';
 * await useDevice();
 * const tokenizer = await trainBpe(['which way did the weather go'], { vocabSize: 270, specialTokens: ['<|endoftext|>'] });
 * const model = createModel({ model_type: 'gpt2', vocab_size: 270, n_positions: 32, n_embd: 8, n_head: 2, n_layer: 1, bos_token_id: 0 });
 * const params = model.init(0);
 * const scorer = localScorer({ model, params, tokenizer });
 * const [yes, no] = await scorer.loglikelihood([{ context: 'which', continuation: ' way' }, { context: 'which', continuation: ' go' }]);
 * if (!(yes!.logprob < 0 && no!.logprob < 0)) throw new Error('two log-likelihoods');
 * disposeTree(params);
 * ```
 */
export function localScorer({ model, params, tokenizer }: { model: Model; params: Params; tokenizer: Tokenizer }, options: LocalScorerOptions = {}): Scorer {
  const config = model.config as { readonly modelType?: string; readonly bosId?: number; readonly eosIds?: readonly number[]; readonly slidingWindow?: number };
  const { eosIds = config.eosIds ?? [], batchTokens = 2048, batchRows = 8, chatTemplate, seed = 0, onProgress, signal, addSpecialTokens = true } = options;
  const prefixId = options.prefixId ?? config.bosId ?? eosIds[0];
  const maxTokens = Math.min(options.maxTokens ?? model.shape.maxPositions, model.shape.maxPositions);
  // A window counts columns, not positions: a later branch would see less of its trunk.
  const share = (options.sharePrefixes ?? true) && config.slidingWindow === undefined;
  if (model.shape.bidirectional) throw new EvalError('E_SCORER', `localScorer: expected a causal model but found ${config.modelType}, whose tokens see those after them. Use a decoder.`);
  if (prefixId === undefined) throw new EvalError('E_SCORER', 'localScorer: expected a model with bos_token_id or eos_token_id but found neither in its configuration. Pass prefixId.');

  const prefixText = tokenizer.idToToken(prefixId) ?? '';
  const encoder: PairEncoder = {
    prefixId,
    encode: (text, { bare = false } = {}) => [...tokenizer.encode(text, {
      // As Hugging Face encodes: what a template or a document spells is a token of its own.
      allowSpecial: true,
      addSpecialTokens: !bare && addSpecialTokens && !(prefixText !== '' && text.startsWith(prefixText)),
    })],
  };

  async function scored(pairs: readonly TokenPair[], report: (index: number, score: BranchScore) => void): Promise<void> {
    for (const { continuation } of pairs) {
      if (continuation.length >= 1 && continuation.length <= maxTokens) continue;
      throw new EvalError('E_SCORER', `loglikelihood: expected continuations of 1 to ${maxTokens} tokens, the context of the model, but found one of ${continuation.length}. Leave such documents out.`);
    }
    for (const family of planRows(pairs, { maxTokens, share })) {
      await scoreFamily(family, { model, params, batchTokens, onScore: report, signal });
    }
  }

  async function loglikelihood(requests: readonly LoglikelihoodRequest[]): Promise<Loglikelihood[]> {
    const { unique, places } = distinct(requests, ({ context, continuation }) => `${context.length}:${context}${continuation}`);
    // One array for each context, by which equal ones are known.
    const contexts = new Map<string, readonly number[]>();
    const pairs = unique.map((request): TokenPair => {
      const { context, continuation } = encodePair(request, encoder);
      const key = stripEnd(request.context);
      if (!contexts.has(key)) contexts.set(key, context);
      return { context: key === '' ? context : contexts.get(key)!, continuation };
    });
    const answers: Loglikelihood[] = Array.from({ length: unique.length });
    let done = 0;
    await scored(pairs, (index, { logprob, greedy }) => {
      if (Number.isNaN(logprob)) throw new EvalError('E_SCORER', 'loglikelihood: expected log-probabilities but found NaN. Check the parameters: a training run may have diverged.');
      answers[index] = { logprob, greedy };
      onProgress?.(++done, unique.length);
    });
    return places.map((place) => answers[place]!);
  }

  async function loglikelihoodRolling(texts: readonly string[]): Promise<number[]> {
    const { unique, places } = distinct(texts, (text) => text);
    const owners: number[] = [];
    const pairs = unique.flatMap((text, owner) => {
      const windows = rollingWindows(encoder.encode(text), { prefixId: encoder.prefixId, maxTokens });
      for (const _ of windows) owners.push(owner);
      return windows;
    });
    const sums = unique.map(() => 0);
    let done = 0;
    await scored(pairs, (index, { logprob }) => {
      sums[owners[index]!]! += logprob;
      onProgress?.(++done, pairs.length);
    });
    return places.map((place) => sums[place]!);
  }

  async function generateUntil(requests: readonly GenerationRequest[]): Promise<string[]> {
    const keyOf = ({ context, kwargs }: GenerationRequest): string => `${JSON.stringify(kwargs)}${context}`;
    const { unique, places } = distinct(requests, keyOf);
    const generating = { model, params, tokenizer, eosIds, maxTokens, seed, signal };
    const prompts = unique.map(({ context, kwargs }, index): Prompt => {
      const ids = encoder.encode(context);
      return { ids: truncatedPrompt(ids.length === 0 ? [encoder.prefixId] : ids, kwargs, maxTokens), kwargs, index };
    });
    const answers: string[][] = unique.map(() => []);
    let done = 0;
    const report = (index: number, texts: string[]): void => {
      answers[index] = texts;
      onProgress?.(++done, unique.length);
    };
    for (const batch of batchesOf(prompts.filter(({ kwargs }) => !draws(kwargs)), batchRows)) {
      const texts = await generateBatch(batch, { kwargs: batch[0]!.kwargs, stream: 0 }, generating);
      batch.forEach(({ index }, i) => report(index, [texts[i]!]));
    }
    // Each on its own, so that what is drawn depends on the seed and the request, not on the batch; equal requests are its samples.
    for (const prompt of prompts.filter(({ kwargs }) => draws(kwargs))) {
      const samples = places.filter((place) => place === prompt.index).length;
      report(prompt.index, await generateBatch([prompt], { kwargs: prompt.kwargs, samples, stream: prompt.index }, generating));
    }
    const taken = unique.map(() => 0);
    return places.map((place) => {
      const texts = answers[place]!;
      return texts.length === 1 ? texts[0]! : texts[taken[place]!++]!;
    });
  }

  return {
    name: options.name ?? config.modelType ?? 'model',
    loglikelihood, loglikelihoodRolling, generateUntil,
    applyChatTemplate: chatTemplate === undefined ? undefined : chatText(chatTemplate),
    info: { model_num_parameters: countParameters(params), max_length: maxTokens, eot_token_id: eosIds[0] ?? null },
  };
}

/** A conversation as text; where no answer is to begin, the last message is left open, to be gone on from. */
function chatText(template: ChatTemplate): NonNullable<Scorer['applyChatTemplate']> {
  return (messages, { addGenerationPrompt }) => {
    const text = template.render(messages.map((message) => ({ ...message })), { addGenerationPrompt });
    if (addGenerationPrompt) return text;
    const last = messages.at(-1)!.content.trim();
    const at = text.lastIndexOf(last);
    return at < 0 ? text : text.slice(0, at + last.length);
  };
}

/** The different ones, and for each of all its place among them. */
function distinct<T>(all: readonly T[], keyOf: (each: T) => string): { unique: T[]; places: number[] } {
  const known = new Map<string, number>();
  const unique: T[] = [];
  const places = all.map((each) => {
    const key = keyOf(each);
    if (!known.has(key)) known.set(key, unique.push(each) - 1);
    return known.get(key)!;
  });
  return { unique, places };
}

/** Prompts of equal kwargs, the longest first, so many at a time. */
function batchesOf(prompts: readonly Prompt[], rows: number): Prompt[][] {
  const groups = new Map<string, Prompt[]>();
  for (const prompt of prompts) {
    const key = JSON.stringify(prompt.kwargs);
    groups.set(key, [...groups.get(key) ?? [], prompt]);
  }
  return [...groups.values()].flatMap((group) => {
    const sorted = group.toSorted((a, b) => b.ids.length - a.ids.length);
    return Array.from({ length: Math.ceil(sorted.length / rows) }, (_, i) => sorted.slice(i * rows, (i + 1) * rows));
  });
}
