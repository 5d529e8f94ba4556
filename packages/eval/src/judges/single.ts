import type { Ask } from './endpoint.ts';
import { inTurn } from './in-turn.ts';

/** An answer to be scored, with a reference where there is one. */
export interface JudgedAnswer {
  readonly prompt: string;
  readonly answer: string;
  readonly reference?: string;
}

/** Scores of answers. */
export interface SingleScores {
  /** From 1 to 10; undefined where the judge gave none. */
  readonly scores: readonly (number | undefined)[];
  /** Of those that were given; NaN where none was. */
  readonly mean: number;
  readonly unreadable: number;
}

/** What a model is asked about one answer, so that it ends in [[1]] … [[10]]. */
export function singlePrompt({ prompt, answer, reference }: JudgedAnswer): string {
  return `Rate an assistant's answer to a user from 1 (useless) to 10 (could not be better): is it correct, does it do what was asked, is it clear?

[User]
${prompt}
${reference === undefined ? '' : `\n[A correct answer]\n${reference}\n`}
[Answer]
${answer}

Explain in one or two sentences. Then end with the rating in double brackets, such as [[5]].`;
}

/** The last rating in double brackets, from 1 to 10; undefined where there is none. */
export function readRating(text: string): number | undefined {
  const last = [...text.matchAll(/\[\[(\d{1,2}(?:\.\d{1,6})?)\]\]/g)].at(-1)?.[1];
  const rating = Number(last);
  return last !== undefined && rating >= 1 && rating <= 10 ? rating : undefined;
}

/**
 * Rates answers one by one from 1 to 10, as MT-Bench does.
 *
 * @example
 * ```ts
 * import { judgeAnswers } from '@llm/eval';
 * const ask = async (prompt: string) => ({ text: prompt.includes('Paris') ? 'Right. [[10]]' : 'I cannot say.' });
 * const { mean, unreadable } = await judgeAnswers([{ prompt: 'Capital of France?', answer: 'Paris' }, { prompt: 'And?', answer: 'Er' }], ask);
 * if (mean !== 10 || unreadable !== 1) throw new Error('one rating');
 * ```
 *
 * Zheng et al. 2023, https://arxiv.org/abs/2306.05685
 */
export async function judgeAnswers(answers: readonly JudgedAnswer[], ask: Ask, { prompt = singlePrompt, read = readRating, concurrency = 8 }: { readonly prompt?: typeof singlePrompt; readonly read?: typeof readRating; readonly concurrency?: number } = {}): Promise<SingleScores> {
  const scores = await inTurn(answers, async (answer) => read((await ask(prompt(answer))).text), { concurrency });
  const given = scores.filter((score) => score !== undefined);
  return { scores, mean: given.reduce((sum, score) => sum + score, 0) / given.length, unreadable: scores.length - given.length };
}
