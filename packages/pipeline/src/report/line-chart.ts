import { digits } from '../cli/format.ts';
import { html, type Html } from './html.ts';

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Drawn faint, behind the others: raw values beside their smoothed curve. */
  readonly faint?: boolean;
}

export interface LineChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly series: readonly Series[];
  /** Horizontal lines to compare with. */
  readonly marks?: readonly { readonly name: string; readonly y: number }[];
}

const WIDTH = 480;
const HEIGHT = 230;
const BOX = { left: 48, right: 8, top: 12, bottom: 34 };
/** More points than pixels only make the file large. */
const MAX_POINTS = 600;

/** Round numbers that span [low, high] in about `wanted` steps. */
export function ticks(low: number, high: number, wanted: number): number[] {
  const rough = (high - low) / wanted;
  if (!(rough > 0)) return [low];
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((each) => each >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** At most `most` points, the mean of each group, so that no spike of a single step is drawn as the rule. */
export function thinned(points: Series['points'], most: number = MAX_POINTS): [number, number][] {
  const size = Math.ceil(points.length / most);
  return Array.from({ length: Math.ceil(points.length / size) || 0 }, (_, i) => {
    const group = points.slice(i * size, (i + 1) * size);
    return [group.at(-1)![0], group.reduce((sum, [, y]) => sum + y, 0) / group.length];
  });
}

/** A chart as inline SVG: no script, no font, colours from the page. */
export function lineChart({ title, xLabel, series, marks = [] }: LineChartOptions): Html {
  const drawn = series.map((each) => ({ ...each, points: thinned(each.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))) })).filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return html`<figure><figcaption>${title}</figcaption><p>Nothing was measured.</p></figure>`;
  const xs = drawn.flatMap(({ points }) => points.map(([x]) => x));
  const ys = [...drawn.flatMap(({ points }) => points.map(([, y]) => y)), ...marks.map(({ y }) => y)].filter(Number.isFinite);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  let [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  if (y0 === y1) [y0, y1] = [y0 - (Math.abs(y0) || 1) * 0.1, y1 + (Math.abs(y1) || 1) * 0.1];
  const pad = (y1 - y0) * 0.05;
  [y0, y1] = [y0 >= 0 ? Math.max(0, y0 - pad) : y0 - pad, y1 + pad];
  const px = (x: number): string => (BOX.left + ((x - x0) / (x1 - x0 || 1)) * (WIDTH - BOX.left - BOX.right)).toFixed(1);
  const py = (y: number): string => (HEIGHT - BOX.bottom - ((y - y0) / (y1 - y0)) * (HEIGHT - BOX.top - BOX.bottom)).toFixed(1);
  const line = (points: Series['points']): string => points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${py(y)}`).join('');
  const label = `${title}: ${drawn.map(({ name, points }) => `${name} from ${digits(points[0]![1])} to ${digits(points.at(-1)![1])}`).join(', ')}`;
  const yTicks = ticks(y0, y1, 5);
  const xTicks = ticks(x0, x1, 6);
  let colour = 0;
  const styled = drawn.map((each) => ({ ...each, className: each.faint ? 'faint' : `line c${colour++ % 4}` }));
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${yTicks.map((y) => html`<path class="grid" d="M${BOX.left} ${py(y)}H${WIDTH - BOX.right}"/><text x="${BOX.left - 6}" y="${py(y)}" dy="4" text-anchor="end">${digits(y)}</text>`)}
${xTicks.map((x) => html`<text x="${px(x)}" y="${HEIGHT - BOX.bottom + 16}" text-anchor="middle">${String(x)}</text>`)}
<text x="${WIDTH - BOX.right}" y="${HEIGHT - 4}" text-anchor="end">${xLabel}</text>
${marks.map(({ name, y }) => html`<path class="mark" d="M${BOX.left} ${py(y)}H${WIDTH - BOX.right}"/><text x="${WIDTH - BOX.right - 2}" y="${py(y)}" dy="-3" text-anchor="end">${name}</text>`)}
${styled.map(({ points, className }) => (points.length === 1
    ? html`<circle class="dot ${className}" cx="${px(points[0]![0])}" cy="${py(points[0]![1])}" r="3"/>`
    : html`<path class="${className}" d="${line(points)}"/>`))}
</svg>
${styled.length > 1 ? html`<p class="legend">${styled.map(({ name, className }) => html`<span class="${className}">${name}</span> `)}</p>` : undefined}</figure>`;
}
