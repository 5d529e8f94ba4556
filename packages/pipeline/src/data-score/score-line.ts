import type { ScoredSft } from '@llm/data-quality';
import type { AnswerDifficulty } from './answer-losses.ts';
import type { Judgement } from './judge-marks.ts';

/** Everything that was found of one example, as a line of the file of scores. */
export function scoreLine({ id, scores }: ScoredSft, { difficulty, judgement, kept }: {
  readonly difficulty?: AnswerDifficulty | null | undefined; readonly judgement?: Judgement | { readonly unread: string } | undefined; readonly kept?: boolean | undefined;
}): string {
  const each = <T>(pick: (score: { readonly score: number | null; readonly evidence: readonly string[] }) => T | undefined): Record<string, T> =>
    Object.fromEntries(Object.entries(scores).flatMap(([dimension, score]) => { const value = pick(score); return value === undefined ? [] : [[dimension, value]]; }));
  return `${JSON.stringify({
    id,
    scores: each(({ score }) => score ?? undefined),
    evidence: each(({ score, evidence }) => (score === null || evidence.length === 0 ? undefined : evidence)),
    ...(difficulty ? { ifd: difficulty.ifd, loss: difficulty.conditioned, lossAlone: difficulty.alone, perplexity: difficulty.perplexity } : {}),
    ...(judgement === undefined ? {} : 'unread' in judgement ? { verdict: 'review', unread: judgement.unread } : { marks: judgement.marks, verdict: judgement.verdict, ...(judgement.reason === '' ? {} : { reason: judgement.reason }) }),
    ...(kept === undefined ? {} : { kept }),
  })}\n`;
}
