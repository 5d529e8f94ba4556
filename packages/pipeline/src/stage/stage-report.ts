import { count, digits, duration, short } from '../cli/format.ts';
import { html, type Html, htmlTable } from '../report/html.ts';
import { lineChart, type Series } from '../report/line-chart.ts';
import { STYLE } from '../report/style.ts';
import type { MetricsLine } from '../run/metrics-log.ts';
import type { Stage } from './stage.ts';
import type { StageRecord } from './stage-record.ts';

/** The story of a stage as one page: no script, nothing fetched, every text escaped. */
export function stageReportHtml({ record, lines, sections = [] }: { record: StageRecord; lines: readonly MetricsLine[]; sections?: Stage['sections'] }): string {
  const { name, stage, result, before } = record;
  const after = result?.after ?? {};
  const of = (value: (line: MetricsLine) => number | null | undefined): Series['points'] =>
    lines.flatMap((line) => { const y = value(line); return typeof y === 'number' ? [[line.step + 1, y] as const] : []; });
  const names = [...new Set(lines.flatMap(({ figures = {} }) => Object.keys(figures)))];
  const chart = (title: string, points: Series['points']): Html => lineChart({ title, xLabel: 'steps', series: [{ name: title, points }] });
  const written = lines.filter(({ samples }) => samples !== undefined).toReversed();
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>${name}</title><style>${{ markup: STYLE }}</style></head><body>
<h1>${name}</h1>
<p class="soft">${stage}, ${result === undefined ? 'not finished' : `finished ${result.finishedAt}`}. Made by llm ${String(record.environment.llm)} on ${record.device.description}.</p>
<div class="cards">${([
    ['steps', count(lines.length)],
    ['training time', duration(lines.reduce((sum, { seconds }) => sum + seconds, 0))],
    ...(result === undefined ? [] : [['parameters trained', `${short(result.trained)} of ${short(result.parameters)}`] as const]),
  ] as const).map(([label, value]) => html`<div><b>${value}</b><span>${label}</span></div>`)}</div>
<h2>Before and after, on held-out items</h2>
${htmlTable(['', 'before', 'after'], Object.keys({ ...before, ...after }).map((key) => [key, shown(before?.[key]), shown(after[key])]))}
<h2>Training</h2>
${chart('Loss', of(({ loss }) => loss))}
${names.map((each) => chart(each, of(({ figures }) => figures?.[each])))}
${chart('Gradient norm before clipping', of(({ grad_norm }) => grad_norm))}
${chart('Learning rate', of(({ lr }) => lr))}
${sections.map(({ title, body }) => html`<h2>${title}</h2>${body}`)}
<h2>Samples</h2>
${written.length === 0 ? html`<p>None were written.</p>` : written.map(({ step, samples = [] }, i) => html`<details${i === 0 ? { markup: ' open' } : undefined}><summary>after step ${step + 1}</summary>${
    samples.map(({ prompt, text }) => html`<pre><b>${prompt}</b>${text}</pre>`)}</details>`)}
<h2>Configuration</h2>
<details><summary>Every option</summary><pre>${JSON.stringify(record.options, null, 2)}</pre></details>
<h2>Environment</h2>
${htmlTable(['', ''], [...Object.entries(record.environment).map(([key, value]) => [key, String(value)]), ['device', record.device.description], ...Object.entries(record.inputs)])}
</body></html>
`;
  return page.markup;
}

function shown(value: number | undefined): string {
  return value === undefined ? '' : digits(value);
}
