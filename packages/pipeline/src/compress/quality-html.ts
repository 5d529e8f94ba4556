import type { QualityReport } from '@llm/quantize';
import { digits, percent } from '../cli/format.ts';
import { html, htmlTable } from '../report/html.ts';
import { lineChart } from '../report/line-chart.ts';
import { STYLE } from '../report/style.ts';
import { environment } from '../run/environment.ts';
import { divergenceRows, qualityRows } from './quality-text.ts';

/** What a smaller model costs and saves as one page: no script, nothing fetched, every text escaped. */
export function qualityHtml({ title, subtitle, settings, report }: { title: string; subtitle: string; settings: Readonly<Record<string, unknown>>; report: QualityReport }): string {
  const { layers, weights, sensitivity, divergence } = report;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>${title}</title><style>${{ markup: STYLE }}</style></head><body>
<h1>${title}</h1>
<p class="soft">${subtitle}. Made by llm ${String(environment().llm)}.</p>
<h2>Before and after</h2>
${htmlTable(['', 'before', 'after'], qualityRows(report))}
<h2>Divergence, on ${divergence.tokens} tokens</h2>
${htmlTable(['', ''], divergenceRows(report))}
${layers.length === 0 ? undefined : html`<h2>States</h2>
${lineChart({ title: 'How far the states move, relative to their size', xLabel: 'halves of blocks', series: [{ name: '‖ŷ − y‖ / ‖y‖', points: layers.map(({ relative }, i) => [i, relative] as const) }] })}
${htmlTable(['after', 'moved by'], layers.map(({ name, relative }) => [name, percent(relative, 2)]))}`}
${sensitivity.length === 0 ? undefined : html`<h2>Which part hurts most</h2>
${htmlTable(['this alone', 'KL divergence', 'flips', 'perplexity'], sensitivity.map(({ part, kld, flips, perplexityRatio }) => [part, digits(Math.max(0, kld)), percent(flips, 2), `× ${perplexityRatio.toFixed(4)}`]))}`}
${weights.length === 0 ? undefined : html`<h2>Weights</h2>
<details><summary>Every matrix</summary>${htmlTable(['', 'mean square error', 'relative to its size'], weights.map(({ path, mse, relative }) => [path, digits(mse), percent(relative, 2)]))}</details>`}
<h2>Configuration</h2>
<details><summary>Every option</summary><pre>${JSON.stringify(settings, null, 2)}</pre></details>
</body></html>
`;
  return page.markup;
}
