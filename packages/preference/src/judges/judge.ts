/** Two answers to the same prompt. */
export interface Comparison {
  readonly prompt: string;
  readonly first: string;
  readonly second: string;
}

/** How likely the first answer is the better one, from 0 to 1; undefined where it cannot say. */
export type Judge = (question: Comparison) => number | undefined | Promise<number | undefined>;

/**
 * A judge that is asked twice, with the answers the other way round the second time, so that liking whatever comes first cancels.
 *
 *   p = ½ + (p(first, second) − p(second, first)) / 2
 *
 * Undefined where it cannot say in one of the orders. Zheng et al. 2023, https://arxiv.org/abs/2306.05685
 *
 * @example
 * ```ts
 * import { bothOrders } from '@llm/preference';
 * const likesTheFirst = () => 0.9;
 * if (await bothOrders(likesTheFirst)({ prompt: '', first: 'a', second: 'b' }) !== 0.5) throw new Error('it has no opinion');
 * ```
 */
export function bothOrders(judge: Judge): Judge {
  return async ({ prompt, first, second }) => {
    const [straight, swapped] = await Promise.all([judge({ prompt, first, second }), judge({ prompt, first: second, second: first })]);
    return straight === undefined || swapped === undefined ? undefined : 0.5 + (straight - swapped) / 2;
  };
}

/**
 * A judge made of a score of single answers, such as a reward model's, by Bradley and Terry.
 *
 *   p = σ(score(first) − score(second))
 */
export function scoreJudge(score: (prompt: string, answer: string) => number | Promise<number>): Judge {
  return async ({ prompt, first, second }) => {
    const [a, b] = await Promise.all([score(prompt, first), score(prompt, second)]);
    return 1 / (1 + Math.exp(b - a));
  };
}
