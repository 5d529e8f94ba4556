import { type Cost, costOf, flopsText, kwhText, moneyText, type Prices, sumOf } from '../cost/step-cost.ts';
import { bytes, count, digits, duration, table } from '../cli/format.ts';
import { figuresKnownFor } from './figures.ts';
import { figureFor } from './metrics.ts';
import type { LifecycleRecipe } from './recipe-shape.ts';
import type { DoneStep } from './done-step.ts';

/** One line of the table of a life. */
export interface SummaryRow {
  readonly place: string;
  readonly run: string;
  readonly metric: string | undefined;
  readonly before: number | null | undefined;
  readonly after: number | null | undefined;
  readonly gate: 'passed' | 'failed' | 'none';
  readonly cost: Cost;
  readonly bytes: number;
  readonly tokens: number | undefined;
  readonly tokensPerSecond: number | undefined;
  readonly kept: boolean;
}

/** The figure that tells most of a step: what the recipe says, what its gate asks for, or what its command is known for. */
export function telling({ recipe, done: { id, record, verdicts } }: { recipe: LifecycleRecipe; done: DoneStep }): string | undefined {
  const names = Object.keys(record.result?.figures ?? {});
  const { show } = recipe.steps[id]!;
  const asked = verdicts.find(({ of }) => of === id)?.figure;
  const usual = figuresKnownFor(record.run, record.flags)?.[0];
  const quality = ['bits_per_byte', 'quality_drop', 'size_reduction', 'acc', 'acc_norm'];
  return [...(show === undefined ? [] : [show]), ...(asked === undefined ? [] : [asked]), ...(usual === undefined ? [] : [usual]), ...quality].map((name) => figureFor(name, names)).find((name) => name !== undefined);
}

/** The rows of a life, one for each doing of a step. */
export function summaryRows({ recipe, done, prices }: { recipe: LifecycleRecipe; done: readonly DoneStep[]; prices: Prices }): SummaryRow[] {
  return done.map((each) => {
    const { figures = {}, before = {}, seconds = 0, bytes: size = 0, flops } = each.record.result ?? {};
    const metric = telling({ recipe, done: each });
    return {
      place: each.record.place, run: each.record.run, metric, before: metric === undefined ? undefined : before[metric], after: metric === undefined ? undefined : figures[metric],
      gate: each.verdicts.length === 0 ? 'none' : each.verdicts.every(({ passed }) => passed) ? 'passed' : 'failed',
      cost: costOf({ seconds, flops }, prices), bytes: size, tokens: figures.tokens ?? undefined, tokensPerSecond: figures.tokens_per_second ?? undefined, kept: each.kept,
    };
  });
}

const cell = (value: number | null | undefined): string => (value === undefined ? '' : value === null ? '?' : digits(value));

/** The table of a life; energy and money only where they were asked for. */
export function summaryTable(rows: readonly SummaryRow[]): { header: string[]; cells: string[][] } {
  const withMoney = rows.some(({ cost }) => cost.money !== undefined);
  const withEnergy = rows.some(({ cost }) => cost.kwh !== undefined);
  const header = ['stage', 'command', 'metric', 'before', 'after', 'gate', 'time', 'size', 'tokens', 'tokens/s', 'work', ...(withEnergy ? ['energy'] : []), ...(withMoney ? ['money'] : [])];
  const costCells = (cost: Cost): string[] => [flopsText(cost.flops), ...(withEnergy ? [kwhText(cost.kwh)] : []), ...(withMoney ? [moneyText(cost.money)] : [])];
  const cells = rows.map(({ place, run, metric, before, after, gate, cost, bytes: size, tokens, tokensPerSecond }) => [
    place, run, metric ?? '', cell(before), cell(after), gate === 'none' ? '' : gate, duration(cost.seconds), size === 0 ? '' : bytes(size), tokens === undefined ? '' : count(tokens),
    tokensPerSecond === undefined ? '' : count(tokensPerSecond), ...costCells(cost),
  ]);
  const total = sumOf(rows.map(({ cost }) => cost));
  return { header, cells: rows.length < 2 ? cells : [...cells, ['all', '', '', '', '', '', duration(total.seconds), '', '', '', ...costCells(total)]] };
}

/** The table as text. */
export function summaryText(rows: readonly SummaryRow[]): string {
  const { header, cells } = summaryTable(rows);
  // A column that says nothing anywhere is left out.
  const kept = header.map((_, i) => cells.some((row) => (row[i] ?? '') !== ''));
  const only = (row: readonly string[]): string[] => row.filter((_, i) => kept[i]);
  return table(only(header), cells.map(only));
}
