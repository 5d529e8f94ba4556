import type { EvalResults, TaskResults } from './results.ts';

const HEADER = ['', 'Version', 'Filter', 'n-shot', 'Metric', '', 'Value', '', 'Stderr'] as const;
const BETTER: Readonly<Record<string, string>> = { true: '↑', false: '↓' };
const NOT_METRICS = new Set(['name', 'alias', 'sample_len', 'sample_count']);

type Row = readonly string[];

/**
 * Results as the table that lm-evaluation-harness prints, in Markdown: each metric of each filter with its standard error, groups before
 * what is in them.
 *
 * @param of What it shows: all `results`, or the `groups` alone.
 *
 * @example
 * ```ts
 * import { resultsTable } from '@llm/eval';
 * const table = resultsTable({
 *   results: { sums: { name: 'sums', alias: 'sums', sample_len: 4, 'acc,none': 0.25, 'acc_stderr,none': 0.25 } }, group_subtasks: {}, versions: { sums: 1 },
 *   'n-shot': { sums: 0 }, higher_is_better: { sums: { acc: true } },
 * });
 * if (!table.includes('|sums |      1|none  |     0|acc   |↑  |0.2500|±  |0.2500|')) throw new Error(table);
 * ```
 */
export function resultsTable(
  results: Pick<EvalResults, 'results' | 'groups' | 'group_subtasks' | 'versions' | 'n-shot' | 'higher_is_better'>, { of = 'results' }: { of?: 'results' | 'groups' } = {},
): string {
  const shown = results[of] ?? {};
  const rows = inOrder(results.group_subtasks, Object.keys(shown)).flatMap(({ name, depth }) => rowsOf(name, { entry: shown[name]!, depth, results }));
  return markdown([of === 'groups' ? 'Groups' : 'Tasks', ...HEADER.slice(1)], rows);
}

function rowsOf(name: string, { entry, depth, results }: { entry: TaskResults; depth: number; results: Parameters<typeof resultsTable>[0] }): Row[] {
  const better = results.higher_is_better[name] ?? {};
  const label = (depth > 0 ? `${' '.repeat(depth)}- ` : '') + entry.alias;
  const metrics = Object.keys(entry).filter((key) => !NOT_METRICS.has(key)).sort().map((key) => [key.slice(0, key.indexOf(',')), key.slice(key.indexOf(',') + 1)] as const).filter(([metric]) => !metric.endsWith('_stderr'));
  return metrics.map(([metric, filter], i) => {
    const error = entry[`${metric}_stderr,${filter}`];
    return [
      i === 0 ? label : '', i === 0 ? String(results.versions[name] ?? 'N/A') : '', filter, String(results['n-shot'][name] ?? ' '), metric, BETTER[String(better[metric])] ?? '', shownNumber(entry[`${metric},${filter}`]),
      ...(error === undefined ? ['', ''] : ['±', error === 'N/A' ? '   N/A' : shownNumber(error)]),
    ];
  });
}

const shownNumber = (value: unknown): string => (typeof value === 'number' ? value.toFixed(4) : String(value));

/** Groups with what is in them, by name; then whatever is in none. */
function inOrder(subtasks: Readonly<Record<string, readonly string[]>>, names: readonly string[]): { name: string; depth: number }[] {
  const found: { name: string; depth: number }[] = [];
  const seen = new Set<string>();
  const known = new Set(names);
  const visit = (name: string, depth: number): void => {
    seen.add(name);
    if (known.has(name)) found.push({ name, depth });
    for (const child of (subtasks[name] ?? []).toSorted()) visit(child, depth + 1);
  };
  const inside = new Set(Object.values(subtasks).flat());
  for (const group of Object.keys(subtasks).sort()) if (!inside.has(group)) visit(group, 0);
  return [...found, ...names.filter((name) => !seen.has(name)).toSorted().map((name) => ({ name, depth: 0 }))];
}

const isNumber = (cell: string): boolean => /^-?\d+(\.\d+)?$/.test(cell);

/** Columns as wide as their widest cell, numbers to the right and headers in the middle. */
function markdown(header: Row, rows: readonly Row[]): string {
  const column = (i: number): string[] => rows.map((row) => row[i]!);
  const right = header.map((_, i) => {
    const cells = column(i).filter((cell) => cell.trim() !== '');
    return cells.length > 0 && cells.every(isNumber);
  });
  const widths = header.map((name, i) => Math.max(3, length(name), ...column(i).map(length)));
  const cell = (text: string, i: number): string => (right[i] ? ' '.repeat(widths[i]! - length(text)) + text : text + ' '.repeat(widths[i]! - length(text)));
  const centred = (text: string, i: number): string => {
    const space = widths[i]! - length(text);
    return ' '.repeat(Math.floor(space / 2)) + text + ' '.repeat(Math.ceil(space / 2));
  };
  const line = (cells: readonly string[]): string => `|${cells.join('|')}|`;
  return [
    line(header.map(centred)), line(widths.map((width, i) => '-'.repeat(width - 1) + (right[i] ? ':' : '-'))), ...rows.map((row) => line(row.map(cell))),
  ].map((each) => `${each}\n`).join('');
}

const length = (text: string): number => Array.from(text).length;
