import { count, digits } from '../cli/format.ts';
import { html, type Html } from '../report/html.ts';
import type { RuleBins } from './rule-bins.ts';

const WIDTH = 360;
const HEIGHT = 118;
const BOX = { left: 2, span: WIDTH - 4, base: 100, high: 92 };

/** A threshold as it is written: short where it can be, exact always. */
export const exact = (value: number): string => String(Number(value.toPrecision(12)));

/** How what a rule measures lies about its threshold, kept and dropped, with a slider for the page's script. */
export function ruleFigure(rule: RuleBins, index: number): Html {
  const { filter, reason, comparison, threshold, edges, at, kept, dropped } = rule;
  const sign = comparison === 'min' ? '≥' : '≤';
  const totals = kept.map((each, bin) => each + dropped[bin]!);
  const most = Math.max(1, ...totals);
  const slot = BOX.span / (edges.length + 1);
  const place = (edge: number): number => Number((BOX.left + slot * (edge + 1)).toFixed(2));
  const bar = (bin: number, from: number, size: number, name: string): Html => html`<rect class="${name}" x="${(BOX.left + slot * bin + 0.5).toFixed(2)}" y="${(BOX.base - BOX.high * (from + size) / most).toFixed(2)}" width="${Math.max(0.5, slot - 1).toFixed(2)}" height="${(BOX.high * size / most).toFixed(2)}"/>`;
  const measured = totals.reduce((sum, each) => sum + each, 0);
  const label = `${reason}: ${count(measured)} documents from below ${exact(edges[0]!)} to above ${exact(edges.at(-1)!)}; ${sign} ${exact(threshold)} is needed`;
  // Labels of edges that stand too near the threshold's would lie over it.
  const ends = [0, edges.length - 1].filter((edge) => Math.abs(edge - at) * slot > 60);
  // The thumb, a rem wide, stands below its edge of the chart.
  const inset = `(${(100 / (edges.length + 1)).toFixed(3)}% - .5rem)`;
  const fails = (bin: number): boolean => (comparison === 'min' ? bin <= at : bin > at);
  return html`<figure class="rule" data-rule="${index}" data-box="${BOX.left} ${BOX.span} ${BOX.base} ${BOX.high}"><figcaption><code>${reason}</code><output>${sign} ${exact(threshold)}</output><small>${filter}</small></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${totals.map((_, bin) => html`${bar(bin, 0, kept[bin]!, 'kept')}${bar(bin, kept[bin]!, dropped[bin]!, fails(bin) ? 'dropped' : 'other')}`)}
<path class="grid" d="M${BOX.left} ${BOX.base}H${BOX.left + BOX.span}"/><path class="was" d="M${place(at)} 0V${BOX.base}"/><path class="threshold" d="M${place(at)} 0V${BOX.base}"/>
<text x="${Math.min(WIDTH - 14, Math.max(10, place(at)))}" y="${HEIGHT - 4}" text-anchor="middle">${exact(threshold)}</text>
${ends.map((edge) => html`<text x="${edge === 0 ? 2 : WIDTH - 2}" y="${HEIGHT - 4}" text-anchor="${edge === 0 ? 'start' : 'end'}">${digits(edges[edge]!)}</text>`)}
</svg>
<div class="slide" hidden><input type="range" min="0" max="${edges.length - 1}" step="1" value="${at}" aria-label="threshold of ${reason}" style="margin:0 calc${inset};width:calc(100% - 2*${inset})"></div><p class="effect"></p></figure>`;
}
