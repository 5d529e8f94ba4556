import { defaultSampler, type EndReason, generate, type Model, type Sampler } from '@llm/model';
import type { Tree } from '@llm/tensor';

/** What is asked of a teacher: the prompt as ids, and what the record keeps of it. */
export interface TextPrompt<P> {
  readonly ids: ArrayLike<number>;
  readonly prompt: P;
}

/** A record for supervised fine-tuning. */
export interface TaughtRecord<P> {
  readonly prompt: P;
  readonly completion: string;
}

/** Why a record is to be left out, or undefined where it may stay. */
export type RecordFilter<P> = (record: TaughtRecord<P>, ended: EndReason) => string | undefined;

export interface TeacherTextsOptions<P> {
  readonly decode: (ids: readonly number[]) => string;
  /** Answers to each prompt; default 1. */
  readonly samples?: number;
  /** Tokens of an answer at most; default 256. */
  readonly maxTokens?: number;
  /** Default `defaultSampler()`. */
  readonly sampler?: Sampler;
  readonly eosIds?: readonly number[];
  /** Default 0. */
  readonly seed?: number;
  /** Prompts that run at once; default 16. */
  readonly promptsAtOnce?: number;
  /** Asked one after the other of every record: those of data preparation belong here too, since a teacher writes what they would drop. Default `unfinished()`. */
  readonly filters?: readonly RecordFilter<P>[];
  readonly signal?: AbortSignal;
}

/** A record, and why it was dropped, if it was. */
export interface FilteredRecord<P> {
  readonly record: TaughtRecord<P>;
  readonly dropped?: string;
}

/**
 * Sequence-level distillation: the teacher answers prompts, and what passes the filters is a record for supervised fine-tuning, one JSON
 * object a line.
 *
 * The answer to a prompt depends on the seed and on its place alone.
 *
 * @example
 * ```ts
 * import { teacherTexts, unfinished } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const found = [];
 * for await (const each of teacherTexts(model, model.init(0), [{ ids: [1, 2], prompt: 'ab' }], { decode: (ids) => ids.join(), maxTokens: 2, filters: [unfinished()] })) found.push(each);
 * if (found[0]!.record.prompt !== 'ab' || found[0]!.dropped === undefined) throw new Error('cut off after two tokens');
 * ```
 *
 * Kim and Rush 2016, https://arxiv.org/abs/1606.07947
 */
export async function* teacherTexts<P>(model: Model, params: Tree, prompts: Iterable<TextPrompt<P>> | AsyncIterable<TextPrompt<P>>, options: TeacherTextsOptions<P>): AsyncGenerator<FilteredRecord<P>, void, undefined> {
  const { decode, samples = 1, maxTokens = 256, sampler = defaultSampler(), eosIds, seed = 0, promptsAtOnce = 16, filters = [unfinished()], signal } = options;
  let group = 0;
  const answers = async function* (some: readonly TextPrompt<P>[]): AsyncGenerator<FilteredRecord<P>, void, undefined> {
    const drawn = Array.from({ length: some.length * samples }, (): { ids: number[]; reason?: EndReason } => ({ ids: [] }));
    for await (const { row, id, reason } of generate(model, params, some.map(({ ids }) => ids), {
      samples, maxTokens, sampler, seed: (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(++group, 0x85ebca6b)) >>> 0, ...(eosIds === undefined ? {} : { eosIds }), ...(signal === undefined ? {} : { signal }),
    })) {
      // A token that ends a text is none of it.
      if (reason !== 'eos') drawn[row]!.ids.push(id);
      if (reason !== undefined) drawn[row]!.reason = reason;
    }
    if (signal?.aborted) return;
    for (const [row, { ids, reason = 'length' }] of drawn.entries()) {
      const record = { prompt: some[Math.floor(row / samples)]!.prompt, completion: decode(ids) };
      let dropped: string | undefined;
      for (const filter of filters) dropped ??= filter(record, reason);
      yield { record, ...(dropped === undefined ? {} : { dropped }) };
    }
  };
  let some: TextPrompt<P>[] = [];
  for await (const prompt of prompts) {
    if (some.push(prompt) < promptsAtOnce) continue;
    yield* answers(some);
    some = [];
    if (signal?.aborted) return;
  }
  if (some.length > 0) yield* answers(some);
}

/**
 * Leaves out answers that did not come to an end of their own, or are empty.
 *
 * @example
 * ```ts
 * import { unfinished } from '@llm/distill';
 * if (unfinished()({ prompt: 'a', completion: 'b' }, 'length') === undefined) throw new Error('cut off');
 * ```
 */
export function unfinished<P>(): RecordFilter<P> {
  return ({ completion }, ended) => (ended === 'length' || ended === 'context' ? 'not finished' : completion.trim() === '' ? 'empty' : undefined);
}

/**
 * Leaves out answers that say the same words again and again: more than this share of their n-grams is a repetition.
 *
 * @throws RangeError for n below 1.
 *
 * @example
 * ```ts
 * import { repetitive } from '@llm/distill';
 * if (repetitive({ n: 2, most: 0.3 })({ prompt: '', completion: 'a b a b a b' }, 'eos') === undefined) throw new Error('three of five');
 * ```
 */
export function repetitive<P>({ n = 3, most = 0.3 }: { readonly n?: number; readonly most?: number } = {}): RecordFilter<P> {
  if (!(n >= 1)) throw new RangeError(`repetitive: expected n of 1 or more but found ${n}.`);
  return ({ completion }) => {
    const words = completion.split(/\s+/u).filter((word) => word !== '');
    const grams = Array.from({ length: Math.max(0, words.length - n + 1) }, (_, i) => words.slice(i, i + n).join(' '));
    return grams.length > 0 && 1 - new Set(grams).size / grams.length > most ? 'repetitive' : undefined;
  };
}
