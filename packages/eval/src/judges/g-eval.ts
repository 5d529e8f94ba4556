import type { Ask, Reply } from './endpoint.ts';

export interface GEvalOptions {
  /** What is judged, such as 'coherence: every sentence follows from those before it'. */
  readonly criteria: string;
  /** How it is judged; default the judge's own, which it is asked for once. */
  readonly steps?: string;
  /** The lowest and the highest score; default 1 and 5. */
  readonly scale?: readonly [number, number];
  /** Answers drawn where the judge tells no probabilities; default 20. */
  readonly samples?: number;
}

/** A judge of texts by one criterion. */
export type GEval = (text: string, context?: string) => Promise<number | undefined>;

/**
 * G-Eval: a judge first writes down how it will judge, then fills in a form, and the score is the mean of what it might have written.
 *
 *   score = Σ_s p(s) · s,  s from the lowest to the highest
 *
 * p comes from the alternatives of the first token that is a score; of a judge that gives none, from answers drawn at temperature 1. Undefined where no answer
 * is a score.
 *
 * @example
 * ```ts
 * import { gEval } from '@llm/eval';
 * const ask = async (prompt: string) => (prompt.includes('Steps:') ? { text: '4', alternatives: [[{ token: '4', logprob: Math.log(0.75) }, { token: '5', logprob: Math.log(0.25) }]] } : { text: '1. Read.' });
 * const coherence = gEval(ask, { criteria: 'coherence' });
 * if (Math.abs((await coherence('It rains. So it is wet.'))! - 4.25) > 1e-9) throw new Error('between 4 and 5');
 * ```
 *
 * Liu et al. 2023, https://arxiv.org/abs/2303.16634
 */
export function gEval(ask: Ask, { criteria, steps, scale: [low, high] = [1, 5], samples = 20 }: GEvalOptions): GEval {
  // Asked at most once, by whoever comes first.
  let written: Promise<string> | undefined;
  const stepsOf = (): Promise<string> => {
    written ??= steps === undefined
      ? ask(`You will rate texts from ${low} to ${high} by one criterion: ${criteria}.\nWrite down the steps of judging a text by it, as a short numbered list.`).then(({ text }) => text)
      : Promise.resolve(steps);
    return written;
  };
  const scoreOf = (token: string): number | undefined => {
    const score = /^\s*\d+\s*$/.test(token) ? Number(token) : NaN;
    return score >= low && score <= high ? score : undefined;
  };

  return async (text, context) => {
    const form = `Rate a text from ${low} to ${high} by one criterion: ${criteria}.\n\nSteps:\n${await stepsOf()}\n${context === undefined ? '' : `\nContext:\n${context}\n`}\nText:\n${text}\n\nAnswer with the number alone.\nScore:`;
    const first = await ask(form, { alternatives: 20, maxTokens: 8 });
    const weighed = fromAlternatives(first, scoreOf);
    if (weighed !== undefined) return weighed;
    const drawn = await Promise.all(Array.from({ length: samples }, (_, sample) => ask(form, { temperature: 1, maxTokens: 8, sample })));
    const scores = drawn.map((reply) => scoreOf(/\d+/.exec(reply.text)?.[0] ?? '')).filter((score) => score !== undefined);
    return scores.length === 0 ? undefined : scores.reduce((sum, score) => sum + score, 0) / scores.length;
  };
}

/** The mean of the scores among the alternatives of the first token that has any, by their probabilities. */
function fromAlternatives({ alternatives = [] }: Reply, scoreOf: (token: string) => number | undefined): number | undefined {
  for (const token of alternatives) {
    const scored = token.flatMap(({ token: text, logprob }) => {
      const score = scoreOf(text);
      return score === undefined ? [] : [{ score, p: Math.exp(logprob) }];
    });
    const all = scored.reduce((sum, { p }) => sum + p, 0);
    if (all > 0) return scored.reduce((sum, { score, p }) => sum + score * p, 0) / all;
  }
  return undefined;
}
