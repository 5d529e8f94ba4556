import { SFT_DIMENSIONS, type ScoredSft, type SftDimension, type SftSummary } from '@llm/data-quality';
import { count, percent, table } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import type { SftRecord } from './read-sft.ts';

/** Scores below these are counted, and may be set by --least. */
export const LEAST: Readonly<Record<SftDimension, number>> = { clarity: 0.6, correctness: 0.5, completeness: 0.6, style: 0.5, diversity: 0.25, difficulty: 0.1 };

/** Dimensions that say what is wrong with an example, and not what the set is like. */
export const FAULTS: readonly SftDimension[] = ['clarity', 'correctness', 'completeness'];

export interface DimensionRow {
  readonly dimension: SftDimension;
  /** Null where nothing was measured; for diversity that of the whole set. */
  readonly mean: number | null;
  readonly least: number;
  readonly measured: number;
  readonly below: number;
}

/** What the table says. */
export function dimensionRows({ rows, summary }: { rows: readonly ScoredSft[]; summary: SftSummary }, least: Readonly<Record<SftDimension, number>>): DimensionRow[] {
  return SFT_DIMENSIONS.map((dimension) => {
    const scores = rows.flatMap((row) => row.scores[dimension].score ?? []);
    return { dimension, mean: summary.means[dimension], least: least[dimension], measured: scores.length, below: scores.filter((score) => score < least[dimension]).length };
  });
}

const WORST = 2;
const SHOWN = 90;

/** For people: each dimension with its mean and how many lie below, the worst examples of each, and what is said most often. */
export function sftReport(rows: readonly DimensionRow[], { scored, summary, records }: { scored: readonly ScoredSft[]; summary: SftSummary; records: readonly SftRecord[] }): string {
  const parts = [table(['dimension', 'mean', 'least', 'below', 'share', 'measured'], rows.map(({ dimension, mean, least, measured, below }) =>
    [dimension, mean === null ? '-' : mean.toFixed(3), least.toFixed(2), measured === 0 ? '-' : count(below), percent(below / measured), count(measured)]))];
  for (const { dimension, below } of rows) {
    if (below === 0) continue;
    const worst = scored.map(({ scores }, i) => ({ i, ...scores[dimension] })).filter(({ score }) => score !== null).sort((a, b) => a.score! - b.score! || a.i - b.i).slice(0, Math.min(WORST, below));
    parts.push(`Worst in ${dimension}:\n${worst.map(({ i, score, evidence }) => `  ${score!.toFixed(2)}  ${printable(records[i]!.example.id)}: ${evidence.length === 0 ? '' : `${printable(evidence.slice(0, 2).join('; '))}\n        `}${beginning(records[i]!)}`).join('\n')}`);
  }
  const said = summary.evidence.filter(({ dimension }) => dimension !== 'difficulty' && summary.means[dimension] !== null).slice(0, 5);
  if (said.length > 0) parts.push(`Said most often:\n${table(['', '', ''], said.map(({ dimension, text, count: times }) => [`  ${count(times)} ×`, dimension, printable(text)])).trimStart().replace(/^(?=\d)/, '  ')}`);
  return parts.join('\n\n');
}

/** How an example begins, on one line. */
function beginning({ example }: SftRecord): string {
  const text = printable(example.turns.find(({ role }) => role === 'user')?.content ?? '').replace(/\s+/g, ' ');
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text);
}
