import { div, exp, linear, logSoftmax, mul, scope, slice, sum, type Tensor, type Tree } from '@llm/tensor';
import type { DistillBatch } from '../distill-batch.ts';
import { checkTemperature } from '../losses/check-temperature.ts';
import { type DistilledModel, predictedStates } from '../predicted-states.ts';
import { type KeptRows, sliceKept } from './kept-rows.ts';
import { keptSums, type KeptSums } from './kept-error.ts';
import { selectTop } from './select-top.ts';

export interface KeepTopOptions {
  /** Tokens of each position; default 32. */
  readonly k?: number;
  /** Divides the teacher's logits; the loss must have the same. Default 1. */
  readonly temperature?: number;
}

/** What was kept for one row of a batch. */
export interface KeptSequence {
  readonly kept: KeptRows;
  /** Of the error that keeping so little makes: `keptError` of all of them is the report. */
  readonly sums: KeptSums;
}

/** Logits on the host at once. */
const CHUNK_LOGITS = 2 ** 21;

/**
 * The teacher's likeliest tokens at every target of some batches, one sequence for each row of a batch, in order.
 *
 * Give batches with one example a row, so that whatever batches the training makes of the examples can be put together again with
 * `joinKept`: what a row's tokens predict does not depend on the rows beside it. Logits are made for some targets at a time.
 *
 * @throws RangeError for a k outside of the vocabulary and a temperature that is not above 0.
 *
 * @example
 * ```ts
 * import { distillBatch, keepTop } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const row = (...values: number[]) => Int32Array.from(values);
 * const batch = distillBatch({ rows: 1, length: 3, ids: row(1, 2, 3), targets: row(2, 3, -100), positions: row(0, 1, 2), segments: row(0, 0, 0), packed: false, restarts: false });
 * for await (const { kept } of keepTop(model, model.init(0), [batch], { k: 4 })) {
 *   if (kept.count !== 2 || kept.ids.length !== 8 || kept.probs.length !== 10) throw new Error('two targets, four tokens and the rest');
 * }
 * ```
 */
export async function* keepTop(
  model: DistilledModel, params: Tree, batches: Iterable<DistillBatch> | AsyncIterable<DistillBatch>, { k = 32, temperature = 1 }: KeepTopOptions = {},
): AsyncGenerator<KeptSequence, void, undefined> {
  const vocab = model.shape.vocabSize;
  if (!Number.isSafeInteger(k) || k < 1 || k > vocab) throw new RangeError(`keepTop: expected k from 1 to the vocabulary of the teacher, ${vocab}, but found ${k}. 32 to 64 hold nearly all of a language model's probability.`);
  checkTemperature(temperature, 'keepTop');
  for await (const batch of batches) {
    const all: KeptRows = { count: batch.places.length, k, temperature, ids: new Int32Array(batch.places.length * k), probs: new Float32Array(batch.places.length * (k + 1)) };
    const entropies = new Float32Array(all.count);
    await fill(all, { model, params, batch, entropies, vocab });
    for (let row = 0, from = 0; row < batch.rows; row++) {
      let count = 0;
      while (from + count < all.count && batch.places[from + count]! < (row + 1) * batch.length) count++;
      const kept = sliceKept(all, { from, count });
      yield { kept, sums: keptSums(kept, { entropies: entropies.subarray(from, from + count), vocab }) };
      from += count;
    }
  }
}

async function fill({ count, k, temperature, ids, probs }: KeptRows, { model, params, batch, entropies, vocab }: {
  model: DistilledModel; params: Tree; batch: DistillBatch; entropies: Float32Array; vocab: number;
}): Promise<void> {
  if (count === 0) return;
  const { states, head, width } = scope(() => {
    const found = predictedStates(model, params, batch);
    return { ...found, width: found.states.shape[1]! };
  });
  const step = Math.max(1, Math.floor(CHUNK_LOGITS / vocab));
  try {
    for (let from = 0; from < count; from += step) {
      const some = Math.min(step, count - from);
      const [logs, negative] = scope((): [Tensor, Tensor] => {
        const logits = linear(slice(states, [from, 0], [some, width]), head);
        const found = logSoftmax(temperature === 1 ? logits : div(logits, temperature));
        return [found, sum(mul(exp(found), found), -1)];
      });
      const [values, sums] = await Promise.all([logs.data(), negative.data()]) as [Float32Array, Float32Array];
      for (let row = 0; row < some; row++) {
        const own = values.subarray(row * vocab, (row + 1) * vocab);
        const top = selectTop(own, k);
        const at = from + row;
        ids.set(top, at * k);
        let rest = 1;
        top.forEach((id, i) => {
          const p = Math.exp(own[id]!);
          probs[at * (k + 1) + i] = p;
          rest -= p;
        });
        probs[at * (k + 1) + k] = k === vocab ? 0 : Math.max(0, rest);
        entropies[at] = -sums[row]!;
      }
      logs.dispose();
      negative.dispose();
    }
  } finally {
    states.dispose();
    if ('dataId' in head && head !== model.head(params)) head.dispose();
  }
}
