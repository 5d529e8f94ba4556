import { digits } from '../cli/format.ts';
import { html, type Html, htmlTable } from '../report/html.ts';
import { STYLE } from '../report/style.ts';
import { verdictText } from './gate.ts';
import type { LifecycleRecipe } from './recipe-shape.ts';
import type { DoneStep } from './done-step.ts';
import { type SummaryRow, summaryTable } from './summary.ts';

export interface LifeReportInput {
  readonly name: string;
  readonly recipe: LifecycleRecipe;
  readonly done: readonly DoneStep[];
  readonly rows: readonly SummaryRow[];
  /** How it ended, in a sentence. */
  readonly ending: string;
}

/** The story of a life as one page: no script, nothing fetched, every text escaped, links to the pages of the steps beside it only. */
export function lifeReportHtml({ name, recipe, done, rows, ending }: LifeReportInput): string {
  const { header, cells } = summaryTable(rows);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>${name}</title><style>${{ markup: STYLE }}</style></head><body>
<h1>${name}</h1>
${recipe.description === undefined ? undefined : html`<p>${recipe.description}</p>`}
<p class="soft">${ending}</p>
<h2>Stages</h2>
${htmlTable(header, cells)}
<h2>Gates</h2>
${gates(done)}
<h2>Lineage</h2>
<p class="soft">What each stage was made from. A hash is the SHA-256 of all files of a result.</p>
${htmlTable(['stage', 'made from', 'result'], done.map(({ record: { place, inputs, result } }) => [place, inputs.map(({ flag, step, path, sha256 }) => html`${flag}: ${step ?? path} <code>${sha256.slice(0, 12)}</code> `), html`<code>${(result?.sha256 ?? '').slice(0, 12)}</code>`]))}
<h2>Commands</h2>
${done.map(({ record: { place, command, result } }) => html`<details><summary>${place}</summary><pre>${command}</pre>${htmlTable(['', 'before', 'after'], Object.entries(result?.figures ?? {}).map(([key, value]) => [key, shown(result?.before[key]), shown(value)]))}</details>`)}
<h2>Recipe</h2>
<details><summary>Everything it says</summary><pre>${JSON.stringify(recipe, null, 2)}</pre></details>
</body></html>
`;
  return page.markup;
}

function gates(done: readonly DoneStep[]): Html {
  const verdicts = done.flatMap(({ record: { place }, verdicts: all }) => all.map((verdict) => [place, verdict.passed ? 'passed' : 'failed', verdictText(verdict)]));
  return verdicts.length === 0 ? html`<p>None were asked for.</p>` : htmlTable(['stage', '', 'what was asked for'], verdicts);
}

function shown(value: number | null | undefined): string {
  return value === undefined ? '' : value === null ? '?' : digits(value);
}
