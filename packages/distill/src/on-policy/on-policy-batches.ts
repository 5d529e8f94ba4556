import { generate, type Model, samplers, temperature as temperatureSampler } from '@llm/model';
import type { Tree } from '@llm/tensor';
import { type DistillBatch, distillBatch } from '../distill-batch.ts';

/** A prompt and how it goes on in the data; only what comes behind the prompt is learned. */
export interface PromptExample {
  readonly ids: ArrayLike<number>;
  readonly promptLength: number;
}

export interface OnPolicyOptions {
  /** The share of batches that the student writes itself; default 0.5. */
  readonly lambda?: number;
  /** Of its sampling; default 0.9. */
  readonly temperature?: number;
  /** Tokens of a completion at most; default 128. */
  readonly maxTokens?: number;
  readonly eosIds?: readonly number[];
  /** Fills up rows; default 0. No token sees it. */
  readonly padId?: number;
  /** Of the draws; default 0. Batch i draws the same whatever came before it. */
  readonly seed?: number;
  /** The number of the first batch, for a run that goes on; default 0. */
  readonly first?: number;
  /** Writes the batches that the student does not: sequence-level distillation beside. Default: the data does. */
  readonly teacher?: { readonly model: Model; readonly params: Tree };
}

/**
 * Batches for on-policy distillation: with probability λ the completions are the student's own, as its weights write them when the batch
 * is asked for; `train` asks for the next one after the update.
 *
 * Give the loss a `localTeacher`: nobody knows beforehand what the student will say. Defaults are those of TRL's GKD (λ 0.5, temperature
 * 0.9, 128 tokens).
 *
 * @throws RangeError for λ outside of [0, 1], a temperature that is not above 0, and a prompt that is empty or as long as its example.
 *
 * @example
 * ```ts
 * import { onPolicyBatches } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * for await (const { targetCount, places } of onPolicyBatches(model, model.init(0), [[{ ids: [1, 2, 3], promptLength: 2 }]], { lambda: 1, maxTokens: 3, eosIds: [] })) {
 *   if (targetCount !== 3 || places[0] !== 1) throw new Error('three tokens of its own, the first predicted from the last of the prompt');
 * }
 * ```
 *
 * Agarwal et al. 2023, https://arxiv.org/abs/2306.13649
 */
export async function* onPolicyBatches(
  model: Model, params: Tree, examples: Iterable<readonly PromptExample[]> | AsyncIterable<readonly PromptExample[]>, options: OnPolicyOptions = {},
): AsyncGenerator<DistillBatch, void, undefined> {
  const { lambda = 0.5, temperature = 0.9, maxTokens = 128, eosIds, padId = 0, seed = 0, first = 0, teacher } = options;
  if (!(lambda >= 0 && lambda <= 1)) throw new RangeError(`onPolicyBatches: expected lambda from 0 to 1 but found ${lambda}. 1 learns from the student's own completions alone.`);
  if (!(temperature > 0)) throw new RangeError(`onPolicyBatches: expected a temperature above 0 but found ${temperature}.`);
  let index = first;
  for await (const some of examples) {
    for (const { ids, promptLength } of some) {
      if (!(promptLength >= 1 && promptLength <= ids.length)) throw new RangeError(`onPolicyBatches: expected a prompt of 1 to ${ids.length} tokens but found ${promptLength}.`);
    }
    const stream = mixed(seed, index++);
    const own = stream / 2 ** 32 < lambda;
    const writer = own ? { model, params } : teacher;
    const written = writer === undefined ? some.map(({ ids }) => Array.from(ids)) : await complete(writer, some, { temperature, maxTokens, seed: mixed(stream, 1), ...(eosIds === undefined ? {} : { eosIds }) });
    yield rowsOf(written.map((ids, i) => ({ ids, promptLength: some[i]!.promptLength })), padId);
  }
}

/** Prompts with what a model says behind them. */
async function complete({ model, params }: { model: Model; params: Tree }, examples: readonly PromptExample[], { temperature, ...options }: { temperature: number; maxTokens: number; seed: number; eosIds?: readonly number[] }): Promise<number[][]> {
  const rows = examples.map(({ ids, promptLength }) => Array.from(ids).slice(0, promptLength));
  const prompts = rows.map((ids) => [...ids]);
  for await (const { row, id } of generate(model, params, prompts, { ...options, sampler: samplers([temperatureSampler(temperature)]) })) rows[row]!.push(id);
  return rows;
}

/** One example a row, what is behind its prompt predicted. */
function rowsOf(examples: readonly { readonly ids: readonly number[]; readonly promptLength: number }[], padId: number): DistillBatch {
  const length = Math.max(1, ...examples.map(({ ids }) => ids.length));
  const size = examples.length * length;
  const [ids, targets, positions] = [new Int32Array(size).fill(padId), new Int32Array(size).fill(-100), new Int32Array(size)];
  examples.forEach((example, row) => {
    for (let i = 0; i < length; i++) {
      const at = row * length + i;
      positions[at] = i;
      if (i < example.ids.length) ids[at] = example.ids[i]!;
      if (i + 1 >= example.promptLength && i + 1 < example.ids.length) targets[at] = example.ids[i + 1]!;
    }
  });
  return distillBatch({ rows: examples.length, length, ids, targets, positions, segments: new Int32Array(size), packed: false, restarts: false });
}

/** A 32-bit number of a seed and an index, in which every bit of both counts. */
function mixed(seed: number, index: number): number {
  let h = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
