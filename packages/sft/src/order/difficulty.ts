import type { Model } from '@llm/model';
import type { Tree } from '@llm/tensor';
import { type Example, targetsOf } from '../examples/example.ts';
import { targetMetrics } from '../loss/token-metrics.ts';
import { toBatch } from '../rows/to-batch.ts';

/** How long an answer is: its learned tokens. */
export function lengthDifficulty(example: Example): number {
  return targetsOf(example);
}

export interface ScoreOptions {
  /** Examples per batch; default 8. */
  readonly batch?: number;
  readonly padId?: number;
}

/**
 * The mean of −ln p over the learned tokens of each example, in nats; e to its power is the perplexity of the answer. 0 where
 * nothing is learned.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { answerLosses, plainExample } from '@llm/sft';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const [loss] = await answerLosses(model, model.init(0), { examples: [plainExample([1, 2, 3])] });
 * if (Math.abs(loss! - Math.log(16)) > 0.2) throw new Error('a new model knows nothing');
 * ```
 */
export async function answerLosses(
  model: Pick<Model, 'hidden' | 'head' | 'shape'>, params: Tree, { examples, batch = 8, padId = 0 }: ScoreOptions & { readonly examples: readonly Example[] },
): Promise<number[]> {
  // Of like lengths together, so that little is padded.
  const order = examples.map((_, i) => i).sort((a, b) => examples[a]!.ids.length - examples[b]!.ids.length);
  const found = new Array<number>(examples.length).fill(0);
  for (let from = 0; from < order.length; from += batch) {
    const some = order.slice(from, from + batch);
    const { nll } = await targetMetrics(model, params, toBatch(some.map((i) => [examples[i]!]), { padId }));
    let at = 0;
    for (const i of some) {
      const count = targetsOf(examples[i]!);
      let sum = 0;
      for (let k = 0; k < count; k++) sum += nll[at++]!;
      found[i] = count === 0 ? 0 : sum / count;
    }
  }
  return found;
}

/** The answer of an example without what it answers: its learned tokens, behind `bosId`. */
export function answerAlone({ ids, weights, index }: Example, { bosId }: { readonly bosId: number }): Example {
  const kept = [...ids.keys()].filter((i) => i > 0 && weights[i]! > 0);
  return { ids: Int32Array.from([bosId, ...kept.map((i) => ids[i]!)]), weights: Float32Array.from([0, ...kept.map((i) => weights[i]!)]), index };
}

/**
 * How little the instruction helps with the answer, for each example: near 1 or above where it does not help, well below where the
 * answer follows from it.
 *
 *   IFD = mean −ln p(answer | instruction) / mean −ln p(answer)
 *
 * Li et al. 2023, https://arxiv.org/abs/2308.12032
 */
export async function instructionFollowingDifficulty(
  model: Pick<Model, 'hidden' | 'head' | 'shape'>, params: Tree, { examples, bosId, ...options }: ScoreOptions & { readonly examples: readonly Example[]; readonly bosId: number },
): Promise<number[]> {
  const given = await answerLosses(model, params, { examples, ...options });
  const alone = await answerLosses(model, params, { examples: examples.map((example) => answerAlone(example, { bosId })), ...options });
  return given.map((loss, i) => (alone[i] === 0 ? 1 : loss / alone[i]!));
}
