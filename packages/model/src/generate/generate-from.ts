import { philox } from '@llm/kernels';
import { gather, keep, linear, reshape, scope, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { SpecialIds } from '../config/special-ids.ts';
import type { Encoded, EncoderDecoder } from '../encoder-decoder.ts';
import { type CrossCache, crossCache } from '../layers/cross-cache.ts';
import type { Row } from './decoder.ts';
import { checkPrompts } from './check-prompts.ts';
import { endOf, type GeneratedToken, type GenerateOptions } from './generate.ts';
import { drawOnHost } from './host-decoder.ts';
import { nextTask } from './next-task.ts';
import { defaultSampler } from './samplers.ts';

/** What a generation may be told; as for `generate`. */
export type GenerateFromOptions = Pick<GenerateOptions, 'maxTokens' | 'eosIds' | 'stop' | 'sampler' | 'seed' | 'signal' | 'logprobs'>;

/**
 * Writes a text for each of several that an encoder-decoder model reads, all in one batch, and yields each token as soon as it is drawn.
 *
 * The texts are encoded once, and the decoder begins with `startId`, which is not yielded. They may differ in length. The tokens of
 * a row depend on its text, the seed and its index alone, up to rounding. When `signal` aborts, the iteration ends within a step,
 * without an error. A row that has ended still costs its share of each step until all have.
 *
 * @throws RangeError for a text that is empty or holds an id outside the vocabulary.
 *
 * @example
 * ```ts
 * import { createEncoderDecoder, generateFrom } from '@llm/model';
 * import { disposeTree, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createEncoderDecoder({ model_type: 't5', vocab_size: 16, d_model: 8, d_kv: 4, d_ff: 16, num_layers: 1, num_heads: 2 });
 * const params = model.init(0);
 * const ids: number[] = [];
 * for await (const { id } of generateFrom(model, params, [[5, 6, 1]], { maxTokens: 4, eosIds: [] })) ids.push(id);
 * if (ids.length !== 4) throw new Error('four tokens');
 * disposeTree(params);
 * ```
 */
export async function* generateFrom(
  model: EncoderDecoder, params: Tree, texts: readonly ArrayLike<number>[], options: GenerateFromOptions = {},
): AsyncGenerator<GeneratedToken, void, undefined> {
  const { maxTokens = 128, eosIds = (model.config as SpecialIds).eosIds ?? [], stop = [], sampler = defaultSampler(), seed = 0, signal, logprobs = false } = options;
  checkPrompts(texts, { shape: model.shape, maxTokens, prefillTokens: 1, samples: 1 });
  if (texts.length === 0) return;
  const ends = new Set(eosIds);
  const rows = texts.map((_, row): Row => ({ row, history: [model.startId], uniform: philox(seed, row).uniform, prompt: 1, ended: false }));
  const encoded = encodeTexts(model, params, texts);
  const cache = crossCache(model.shape, { batch: rows.length, capacity: maxTokens });
  const temperature = logprobs === false ? undefined : logprobs === true ? 1 : logprobs.temperature;
  try {
    for (;;) {
      await nextTask();
      if (signal?.aborted ?? false) return;
      const going = rows.filter(({ ended }) => !ended);
      const logits = nextLogits({ model, params, encoded, cache }, { last: Int32Array.from(rows, ({ history }) => history.at(-1)!), places: going.map(({ row }) => row) });
      const draws = await drawOnHost(logits, going, { sampler, logprobs: temperature });
      for (const [i, row] of going.entries()) {
        const { id, logprob } = draws[i]!();
        row.history.push(id);
        const reason = endOf(row.history, { prompt: 1, maxTokens, maxPositions: Infinity, ends, stop });
        row.ended = reason !== undefined;
        yield { row: row.row, id, ...(logprob === undefined ? {} : { logprob }), ...(reason === undefined ? {} : { done: true as const, reason }) };
      }
      if (rows.every(({ ended }) => ended)) return;
    }
  } finally {
    cache.dispose();
    for (const made of [encoded.states, encoded.segments]) made?.dispose();
  }
}

/** The encoded texts; where they differ in length, what is behind one is marked as nobody's. */
function encodeTexts(model: EncoderDecoder, params: Tree, texts: readonly ArrayLike<number>[]): Encoded {
  const length = texts.reduce((most, text) => Math.max(most, text.length), 0);
  const each = (value: (text: ArrayLike<number>, i: number) => number): Int32Array => Int32Array.from({ length: texts.length * length }, (_, at) => value(texts[Math.floor(at / length)]!, at % length));
  const matrix = (values: Int32Array): Tensor => tensor(values, [texts.length, length], 'int32');
  return scope(() => {
    const segments = texts.every((text) => text.length === length) ? undefined : keep(matrix(each((text, i) => (i < text.length ? 0 : -1))));
    const { states } = model.encode(params, { ids: matrix(each((text, i) => text[i] ?? 0)), segments });
    return { states: keep(states), segments };
  });
}

/** Runs the last token of every row; the logits of the rows in `places` come back, [places, vocabulary]. */
function nextLogits(
  { model, params, encoded, cache }: { model: EncoderDecoder; params: Tree; encoded: Encoded; cache: CrossCache }, { last, places }: { last: Int32Array; places: readonly number[] },
): Tensor {
  return scope(() => {
    const hidden = model.hidden(params, { ids: tensor(last, [last.length, 1], 'int32'), encoded, cache });
    const states = reshape(hidden, [last.length, model.shape.width]);
    const wanted = places.length === last.length ? states : gather(states, tensor(Int32Array.from(places), [places.length], 'int32'));
    return linear(wanted, model.head(params));
  });
}
