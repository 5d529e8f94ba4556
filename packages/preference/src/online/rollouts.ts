import { generate, type Model, samplers, temperature as temperatureSampler, topK as topKSampler, topP as topPSampler } from '@llm/model';
import type { Tree } from '@llm/tensor';
import type { Completion, Group, Prompt, Round } from './round.ts';

export interface RolloutOptions {
  /** Completions per prompt; default 8. */
  readonly samples?: number;
  /** Tokens per completion at most; default 512. */
  readonly maxTokens?: number;
  /** Default 1. Train with the same. */
  readonly temperature?: number;
  /** Draw from this many likeliest tokens; default all. */
  readonly topK?: number;
  /** Draw from the likeliest tokens that hold this share; default 1. */
  readonly topP?: number;
  /** Each round draws from streams of its own; default 0. */
  readonly seed?: number;
  /** Prompts that are sampled at once; default all of a round. */
  readonly promptsAtOnce?: number;
  readonly eosIds?: readonly number[];
  readonly stop?: readonly (readonly number[])[];
  readonly signal?: AbortSignal;
}

/**
 * Samples completions from the weights as they are when a round is asked for: give batches made of it to `train`, which asks for the
 * next one only after its update, and every round is on-policy.
 *
 * Each prompt runs through the model once; its keys and values are shared by all of its completions. `prompts` brings the prompts of
 * one round after the other. An aborted round is not yielded.
 *
 * @throws RangeError for a temperature that is not above 0, and as `generate` does.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { rollouts } from '@llm/preference';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const prompts = [[{ ids: [1, 2], answer: 3 }]];
 * for await (const { groups } of rollouts(model, model.init(0), prompts, { samples: 4, maxTokens: 2 })) {
 *   const right = groups[0]!.completions.filter(({ ids }) => ids[0] === groups[0]!.prompt.answer).length;
 *   if (right > 4) throw new Error('four completions');
 * }
 * ```
 */
export async function* rollouts<P extends Prompt>(
  model: Model, params: Tree, prompts: Iterable<readonly P[]> | AsyncIterable<readonly P[]>, options: RolloutOptions = {},
): AsyncGenerator<Round<P>, void, undefined> {
  const { samples = 8, maxTokens = 512, temperature = 1, topK = 0, topP = 1, seed = 0, promptsAtOnce = Infinity, eosIds, stop, signal } = options;
  if (!(temperature > 0)) throw new RangeError(`rollouts: expected a temperature above 0 but found ${temperature}. Completions that are all alike have no advantage over each other.`);
  if (!(promptsAtOnce >= 1)) throw new RangeError(`rollouts: expected promptsAtOnce of 1 or more but found ${promptsAtOnce}`);
  const sampler = samplers([...(topK > 0 ? [topKSampler(topK)] : []), ...(topP < 1 ? [topPSampler(topP)] : []), temperatureSampler(temperature)]);
  let index = 0;
  for await (const asked of prompts) {
    const groups: Group<P>[] = [];
    for (let from = 0; from < asked.length; from += promptsAtOnce) {
      const some = asked.slice(from, from + promptsAtOnce);
      const drawn = Array.from({ length: some.length * samples }, (): { ids: number[]; logProbs: number[]; reason?: Completion['reason'] } => ({ ids: [], logProbs: [] }));
      const tokens = generate(model, params, some.map(({ ids }) => ids), {
        samples, maxTokens, sampler, logprobs: { temperature }, seed: streamOf(seed, index, from),
        ...(eosIds === undefined ? {} : { eosIds }), ...(stop === undefined ? {} : { stop }), ...(signal === undefined ? {} : { signal }),
      });
      for await (const { row, id, logprob, reason } of tokens) {
        const own = drawn[row]!;
        own.ids.push(id);
        own.logProbs.push(logprob!);
        if (reason !== undefined) own.reason = reason;
      }
      if (signal?.aborted) return;
      const completions = drawn.map(({ ids, logProbs, reason }): Completion => ({ ids: Int32Array.from(ids), logProbs: Float32Array.from(logProbs), reason: reason! }));
      some.forEach((prompt, i) => groups.push({ prompt, completions: completions.slice(i * samples, (i + 1) * samples) }));
    }
    yield { index, temperature, groups };
    index++;
  }
}

/** A seed for each call of `generate`: mixed, so that neighbouring rounds share no stream. */
function streamOf(seed: number, round: number, from: number): number {
  let mixed = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b) ^ Math.imul(from + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
