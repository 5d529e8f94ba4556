import { digits, table } from '../cli/format.ts';
import { html, type Html, htmlTable } from '../report/html.ts';
import { STYLE } from '../report/style.ts';
import type { Compared } from './read-compared.ts';
import type { Significance } from './significance.ts';

/** A setting, an input or a figure, as each of the runs has it. */
export interface Row<T> {
  readonly name: string;
  readonly values: readonly (T | undefined)[];
}

/** What tells runs apart, and what they came to. */
export interface Comparison {
  readonly runs: readonly { readonly name: string; readonly kind: string }[];
  /** Only where they differ. */
  readonly settings: readonly Row<string>[];
  readonly inputs: readonly Row<string>[];
  readonly figures: readonly Row<number | null>[];
  readonly significance: readonly Significance[];
}

/** Lays runs side by side: settings and inputs where they differ, all figures, and what differences over the same items mean. */
export function comparisonOf(runs: readonly Compared[], significance: readonly Significance[] = []): Comparison {
  const rows = <T>(of: (run: Compared) => Readonly<Record<string, T>>): Row<T>[] => [...new Set(runs.flatMap((run) => Object.keys(of(run))))].map((name) => ({ name, values: runs.map((run) => of(run)[name]) }));
  const differ = <T>({ values }: Row<T>): boolean => values.some((value) => value !== values[0]);
  return {
    runs: runs.map(({ name, kind }) => ({ name, kind })), settings: rows(({ settings }) => settings).filter(differ), inputs: rows(({ inputs }) => inputs).filter(differ),
    figures: rows(({ figures }) => figures).filter(({ values }) => values.some((value) => value !== undefined)), significance,
  };
}

const figure = (value: number | null | undefined): string => (value === undefined ? '' : value === null ? '?' : digits(value));
const setting = (value: string | undefined): string => (value === undefined ? '–' : value.length > 40 ? `${value.slice(0, 39)}…` : value);
const hash = (value: string | undefined): string => (value === undefined ? '–' : value.slice(0, 12));

/** Of two runs, the second less the first. */
function change(values: readonly (number | null | undefined)[]): string[] {
  if (values.length !== 2) return [];
  const [a, b] = values;
  if (typeof a !== 'number' || typeof b !== 'number') return [''];
  return [`${b > a ? '+' : ''}${digits(b - a)}`];
}

interface Section {
  readonly title: string;
  readonly header: readonly string[];
  readonly cells: readonly (readonly string[])[];
  readonly none: string;
}

function sectionsOf({ runs, settings, inputs, figures, significance }: Comparison): Section[] {
  const names = runs.map(({ name }) => name);
  return [
    { title: 'Settings that differ', header: ['', ...names], cells: settings.map(({ name, values }) => [name, ...values.map(setting)]), none: 'None.' },
    { title: 'Inputs that differ', header: ['', ...names], cells: inputs.map(({ name, values }) => [name, ...values.map(hash)]), none: 'None.' },
    { title: 'Figures', header: ['', ...names, ...(names.length === 2 ? ['change'] : [])], cells: figures.map(({ name, values }) => [name, ...values.map(figure), ...change(values)]), none: 'None were measured.' },
    ...(significance.length === 0 ? [] : [{
      title: 'Differences over the same items', header: ['', 'runs', 'items', 'difference', '95 % interval', 'p'], none: '',
      cells: significance.map(({ metric, pair, items, difference, interval, p }) => [metric, pair.join(' → '), String(items), digits(difference), `${digits(interval[0])} to ${digits(interval[1])}`, digits(p)]),
    }]),
  ];
}

/** A comparison as text. */
export function comparisonText(comparison: Comparison): string {
  return sectionsOf(comparison).map(({ title, header, cells, none }) => `${title}\n${cells.length === 0 ? none : table(header, cells)}`).join('\n\n');
}

/** A comparison as one page: no script, nothing fetched, every text escaped. */
export function comparisonHtml(comparison: Comparison): string {
  const title = comparison.runs.map(({ name }) => name).join(' and ');
  const body = sectionsOf(comparison).map(({ title: heading, header, cells, none }): Html => html`<h2>${heading}</h2>${cells.length === 0 ? html`<p>${none}</p>` : htmlTable(header, cells)}`);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>${title}</title><style>${{ markup: STYLE }}</style></head><body>
<h1>${title}</h1>
${body}
</body></html>
`.markup;
}
