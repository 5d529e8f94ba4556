import type { ScoredSft, SftSummary } from '@llm/data-quality';
import { count, digits, short } from '../cli/format.ts';
import { shownPath } from '../cli/shown-path.ts';
import type { AnswerDifficulty } from './answer-losses.ts';
import type { Judged } from './ask-judge.ts';
import type { Chosen } from './choose-sft.ts';
import type { MeasuredExamples } from './measure-examples.ts';
import type { SftRecord } from './read-sft.ts';
import { type DimensionRow, sftReport } from './sft-report.ts';

/** Where results go, beside each other. */
export interface ScorePaths {
  readonly scores: string;
  readonly kept: string;
  readonly cache: string;
}

/** Everything that was found of a set. */
export interface ScoredData {
  readonly rows: readonly ScoredSft[];
  readonly summary: SftSummary;
  readonly dimensions: readonly DimensionRow[];
  readonly records: readonly SftRecord[];
  readonly bad: readonly string[];
  readonly measured: MeasuredExamples;
  readonly chosen: Chosen | undefined;
  readonly places: ScorePaths | undefined;
  readonly cwd: string;
}

const LEVELS = ['easy', 'medium', 'hard'];

/** For machines. */
export function scoresJson({ summary, dimensions, records, bad, measured: { difficulties, judged }, chosen, places }: ScoredData): object {
  return {
    type: 'result', examples: records.length, bad: bad.length, dimensions: Object.fromEntries(dimensions.map(({ dimension, ...row }) => [dimension, row])), kinds: summary.diversity.kinds,
    ...(difficulties === undefined ? {} : { difficulty: difficultyFigures(difficulties) }), ...(judged === undefined ? {} : { judge: { ...verdictsOf(judged), ...judged.usage } }),
    ...(chosen === undefined ? {} : { kept: chosen.chosen.length, buckets: chosen.buckets, excluded: chosen.excluded, keptFile: places?.kept }), ...(places === undefined ? {} : { out: places.scores }),
  };
}

/** For people. */
export function scoresText({ rows, summary, dimensions, records, measured: { difficulties, judged }, chosen, places, cwd }: ScoredData): string {
  const parts = [`${count(records.length)} records`, sftReport(dimensions, { scored: rows, summary, records })];
  if (difficulties !== undefined) {
    const { medianIfd, medianPerplexity, unhelpful, unmeasured } = difficultyFigures(difficulties);
    parts.push(`IFD: median ${digits(medianIfd)}; of ${count(unhelpful)} it is above 1 (the instruction does not help); ${count(unmeasured)} have no answer within --length tokens and the context. Perplexity of answers: median ${digits(medianPerplexity)}`);
  }
  if (judged !== undefined) {
    const { keep, review, discard, unread } = verdictsOf(judged);
    const { requests, cached, retries, promptTokens, completionTokens, cost } = judged.usage;
    parts.push(`Judge: ${count(keep)} to keep, ${count(review)} to review (${count(unread)} without marks), ${count(discard)} to discard\n  ${count(requests)} requests (${count(retries)} of them again), ${count(cached)} answered from the cache; ${short(promptTokens)} tokens read, ${short(completionTokens)} written${cost > 0 ? `; cost ${digits(cost)}` : ''}`);
  }
  if (chosen !== undefined) {
    const levels = chosen.buckets.length > 1 ? ` (${chosen.buckets.map((size, i) => `${count(size)} ${LEVELS[i]}`).join(', ')})` : '';
    parts.push([`Chose ${count(chosen.chosen.length)}${levels}: ${shownPath(places!.kept, cwd)}`, ...Object.entries(chosen.excluded).map(([reason, times]) => `  ${count(times)} out of the question: ${reason}`)].join('\n'));
  }
  if (places !== undefined) parts.push(`Scores: ${shownPath(places.scores, cwd)}`);
  return `${parts.join('\n\n')}\n`;
}

function difficultyFigures(difficulties: readonly (AnswerDifficulty | null)[]): { medianIfd: number; medianPerplexity: number; unhelpful: number; unmeasured: number } {
  const known = difficulties.filter((each) => each !== null);
  return { medianIfd: median(known.map(({ ifd }) => ifd)), medianPerplexity: median(known.map(({ perplexity }) => perplexity)), unhelpful: known.filter(({ ifd }) => ifd > 1).length, unmeasured: difficulties.length - known.length };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length === 0 ? Number.NaN : sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function verdictsOf({ judgements }: Judged): { keep: number; review: number; discard: number; unread: number } {
  const counts = { keep: 0, review: 0, discard: 0, unread: 0 };
  for (const each of judgements) {
    counts['unread' in each ? 'review' : each.verdict]++;
    if ('unread' in each) counts.unread++;
  }
  return counts;
}
