import { answerCompleteness } from './answer-completeness.ts';
import { instructionFollowingDifficulty, type AnswerLoss, type Ifd } from './ifd.ts';
import { instructionClarity } from './instruction-clarity.ts';
import type { SftExample, SftScore } from './sft-example.ts';
import { styleConsistency, styleProfile } from './style-profile.ts';
import { taskDiversity, type TaskDiversity } from './task-diversity.ts';

export const SFT_DIMENSIONS = ['clarity', 'correctness', 'completeness', 'style', 'diversity', 'difficulty'] as const;
export type SftDimension = (typeof SFT_DIMENSIONS)[number];

/** Says how right an answer is, 0 to 1, and why: a model, a person, a test that is run. A score of null where it gave none. */
export type SftJudge = (example: SftExample) => SftJudgement | Promise<SftJudgement>;

export interface SftJudgement {
  readonly score: number | null;
  readonly reason: string;
}

export interface ScoreSftOptions {
  readonly judge?: SftJudge;
  readonly answerLoss?: AnswerLoss;
  /** In place of `answerLoss`, for losses that were measured in batches; null where there are none, as of an answer that no model could take in. */
  readonly ifd?: (example: SftExample) => Ifd | null;
  readonly signal?: AbortSignal;
}

export interface ScoredSft {
  readonly id: string;
  readonly scores: Readonly<Record<SftDimension, SftScore>>;
}

export interface SftSummary {
  readonly examples: number;
  /** Mean of the scores that could be measured, null where none could. For diversity that of the whole set. */
  readonly means: Readonly<Record<SftDimension, number | null>>;
  readonly diversity: TaskDiversity;
  /** How often each piece of evidence was given, most often first; figures in it are replaced by `#`. */
  readonly evidence: readonly { readonly dimension: SftDimension; readonly text: string; readonly count: number }[];
}

/**
 * Six dimensions of every example of a set, each a score of 0 to 1 with what speaks against it:
 *
 *   clarity       `instructionClarity`, six checks
 *   correctness   what `judge` says; null without one
 *   completeness  `answerCompleteness`, six checks
 *   style         `styleConsistency` with the style of the whole set
 *   diversity     share of the instruction's word trigrams that no earlier one has; of the set, `taskDiversity`
 *   difficulty    min(1, IFD) by `instructionFollowingDifficulty` with `answerLoss`, or of `ifd`; null without
 *
 * All examples are in memory; judge and losses are asked one after another. Throws RangeError for no example and for a judge's
 * score outside 0 to 1.
 *
 * @example
 * ```ts
 * import { scoreSft } from '@llm/data-quality';
 * const turns = [{ role: 'user', content: 'What is two plus two?' }, { role: 'assistant', content: 'Four.' }] as const;
 * const { rows, summary } = await scoreSft([{ id: 'a', turns }], { judge: () => ({ score: 1, reason: '' }) });
 * console.assert(rows[0]?.scores.correctness.score === 1 && summary.means.difficulty === null);
 * ```
 */
export async function scoreSft(examples: readonly SftExample[], { judge, answerLoss, ifd, signal }: ScoreSftOptions = {}): Promise<{ readonly rows: readonly ScoredSft[]; readonly summary: SftSummary }> {
  const profile = styleProfile(examples);
  const diversity = taskDiversity(examples);
  const rows: ScoredSft[] = [];
  for (const [i, example] of examples.entries()) {
    signal?.throwIfAborted();
    const novelty = diversity.novelty[i] as number;
    rows.push({
      id: example.id,
      scores: {
        clarity: instructionClarity(example),
        correctness: judge ? await judged(example, judge) : { score: null, evidence: ['no judge was given'] },
        completeness: answerCompleteness(example),
        style: styleConsistency(example, profile),
        diversity: { score: novelty, evidence: novelty < 0.5 ? [`${Math.round(100 * (1 - novelty))} % of the instruction stand in earlier ones`] : [] },
        difficulty: difficulty(ifd ? ifd(example) : answerLoss ? await instructionFollowingDifficulty(example, answerLoss) : null),
      },
    });
  }
  return { rows, summary: { examples: rows.length, means: meansOf(rows, diversity), diversity, evidence: countEvidence(rows) } };
}

async function judged(example: SftExample, judge: SftJudge): Promise<SftScore> {
  const { score, reason } = await judge(example);
  if (score !== null && !(score >= 0 && score <= 1)) throw new RangeError(`scoreSft: expected a judge's score from 0 to 1 but found ${score} for ${example.id}. Divide by the largest score that the judge gives.`);
  return { score, evidence: reason === '' ? [] : [reason] };
}

function difficulty(found: Ifd | null): SftScore {
  if (found === null) return { score: null, evidence: ['no losses were given'] };
  const { ifd, conditioned, alone } = found;
  return { score: Math.min(1, ifd), evidence: [`IFD ${ifd.toFixed(3)} = ${conditioned.toFixed(3)} / ${alone.toFixed(3)}`, ...(ifd > 1 ? ['the instruction does not help: leave it out'] : [])] };
}

function meansOf(rows: readonly ScoredSft[], diversity: TaskDiversity): Record<SftDimension, number | null> {
  const mean = (dimension: SftDimension): number | null => {
    const scores = rows.flatMap((row) => row.scores[dimension].score ?? []);
    return scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length;
  };
  return { ...(Object.fromEntries(SFT_DIMENSIONS.map((dimension) => [dimension, mean(dimension)])) as Record<SftDimension, number | null>), diversity: diversity.score };
}

function countEvidence(rows: readonly ScoredSft[]): { dimension: SftDimension; text: string; count: number }[] {
  const counts = new Map<string, { dimension: SftDimension; text: string; count: number }>();
  for (const { scores } of rows) {
    for (const dimension of SFT_DIMENSIONS) {
      for (const each of scores[dimension].evidence) {
        const text = each.replace(/\d+(?:\.\d+)?/g, '#');
        const key = `${dimension}\n${text}`;
        const entry = counts.get(key);
        if (entry) entry.count++;
        else counts.set(key, { dimension, text, count: 1 });
      }
    }
  }
  return [...counts.values()].sort((a, b) => b.count - a.count);
}
