import type { Ask } from './endpoint.ts';
import { inTurn } from './in-turn.ts';

/** Two answers to the same prompt. */
export interface AnswerPair {
  readonly prompt: string;
  readonly model: string;
  readonly baseline: string;
}

/** How likely the first of two answers is the better one, from 0 to 1; undefined where it cannot say. */
export type PairJudge = (question: { readonly prompt: string; readonly first: string; readonly second: string }) => number | undefined | Promise<number | undefined>;

/** What a judge said of pairs, each asked both ways round. */
export interface PairwiseVerdicts {
  /** How likely the model's answer is the better one, the mean of both orders; undefined where the judge could not say in one of them. */
  readonly preferences: readonly (number | undefined)[];
  /** Of the pairs that were decided in both orders, how many for the same answer, draws with draws; NaN where there are none. */
  readonly consistency: number;
  /** How much it likes what comes first: the mean over both orders minus ½. */
  readonly firstBias: number;
}

/**
 * Asks a judge about pairs of answers, each with the model's answer first and last, so that liking whatever comes first cancels, and says how often it did not
 * change its mind.
 *
 *   preference = ½ + (p(model, baseline) − p(baseline, model)) / 2
 *
 * @example
 * ```ts
 * import { judgePairs } from '@llm/eval';
 * // A judge that knows nothing but the order.
 * const { preferences, consistency, firstBias } = await judgePairs([{ prompt: 'p', model: 'a', baseline: 'b' }], () => 0.9);
 * if (preferences[0] !== 0.5 || consistency !== 0 || Math.abs(firstBias - 0.4) > 1e-12) throw new Error('no opinion');
 * ```
 *
 * Zheng et al. 2023, https://arxiv.org/abs/2306.05685
 */
export async function judgePairs(pairs: readonly AnswerPair[], judge: PairJudge, { concurrency = 8 }: { readonly concurrency?: number } = {}): Promise<PairwiseVerdicts> {
  const both = await inTurn(pairs, async ({ prompt, model, baseline }) => [
    await judge({ prompt, first: model, second: baseline }), await judge({ prompt, first: baseline, second: model }),
  ] as const, { concurrency });
  const decided = both.filter((said): said is readonly [number, number] => said[0] !== undefined && said[1] !== undefined);
  const same = decided.filter(([straight, swapped]) => Math.sign(straight - 0.5) === Math.sign(0.5 - swapped)).length;
  return {
    preferences: both.map(([straight, swapped]) => (straight === undefined || swapped === undefined ? undefined : 0.5 + (straight - swapped) / 2)),
    consistency: same / decided.length,
    firstBias: decided.reduce((sum, [straight, swapped]) => sum + (straight + swapped) / 2, 0) / decided.length - 0.5,
  };
}

/** What a model is asked about two answers, so that it ends in [[A]], [[B]] or [[C]]. */
export function pairwisePrompt({ prompt, first, second }: { readonly prompt: string; readonly first: string; readonly second: string }): string {
  return `Two assistants answered a user. Judge which answer serves the user better: is it correct, does it do what was asked, is it clear? Neither its length nor its place matters.

[User]
${prompt}

[Answer A]
${first}

[Answer B]
${second}

Explain in one or two sentences. Then end with [[A]] if answer A is better, [[B]] if answer B is better, or [[C]] if they are equally good.`;
}

/** 1 for [[A]], 0 for [[B]], ½ for [[C]], by what stands last; undefined where none does. */
export function readPairwise(text: string): number | undefined {
  const last = [...text.matchAll(/\[\[([ABC])\]\]/g)].at(-1)?.[1];
  return last === undefined ? undefined : { A: 1, B: 0, C: 0.5 }[last as 'A' | 'B' | 'C'];
}

/** A judge of pairs made of a model that is asked in words. */
export function askedPairJudge(ask: Ask, { prompt = pairwisePrompt, read = readPairwise }: { readonly prompt?: typeof pairwisePrompt; readonly read?: typeof readPairwise } = {}): PairJudge {
  return async (question) => read((await ask(prompt(question))).text);
}
