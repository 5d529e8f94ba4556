import type { Curve, Held, StepReport } from '../protocol.ts';
import { draw } from './elements.ts';
import { count } from './format.ts';

/** The loss curve: every step faint, their running mean, and the loss on held-out text. */
export interface Chart {
  show(curve: Curve): void;
  addSteps(steps: readonly StepReport[]): void;
  addHeld(held: Held): void;
  /** The running mean of the loss at its end. */
  readonly loss: number | undefined;
  /** Steps of the whole run: the width of the chart. */
  setSteps(steps: number): void;
}

const HEIGHT = 240;
const BOX = { left: 38, right: 12, top: 10, bottom: 34 };
const MEMORY = 0.88;

/** Makes a chart that fills its container. */
export function createChart(container: HTMLElement): Chart {
  let steps: StepReport[] = [];
  let means: StepReport[] = [];
  let held: Held[] = [];
  let weighted = 0;
  let weight = 0;
  let total = 1;
  let waiting = false;
  const svg = draw('svg', { role: 'img', height: HEIGHT });
  container.replaceChildren(svg);

  const add = (more: readonly StepReport[]): void => {
    for (const report of more) {
      if (!Number.isFinite(report.loss)) continue;
      weighted = MEMORY * weighted + (1 - MEMORY) * report.loss;
      weight = MEMORY * weight + 1 - MEMORY;
      steps.push(report);
      means.push({ step: report.step, loss: weighted / weight });
    }
  };
  const redraw = (): void => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      render(svg, { steps, means, held, total, width: Math.max(280, container.clientWidth) });
    });
  };
  new ResizeObserver(redraw).observe(container);
  redraw();

  return {
    show(curve) {
      [steps, means, held] = [[], [], [...curve.held]];
      [weighted, weight] = [0, 0];
      add(curve.steps);
      redraw();
    },
    addSteps(more) {
      add(more);
      redraw();
    },
    addHeld(more) {
      held.push(more);
      redraw();
    },
    get loss() { return means.at(-1)?.loss; },
    setSteps(count) { total = Math.max(1, count); },
  };
}

interface Drawing {
  readonly steps: readonly StepReport[];
  readonly means: readonly StepReport[];
  readonly held: readonly Held[];
  readonly total: number;
  readonly width: number;
}

function render(svg: SVGElement, { steps, means, held, total, width }: Drawing): void {
  const inner = { width: width - BOX.left - BOX.right, height: HEIGHT - BOX.top - BOX.bottom };
  const highest = Math.max(1, ...thinned(steps, inner.width).map(({ loss }) => loss), ...held.map(({ loss }) => loss));
  const top = Math.ceil(highest + 0.1);
  const x = (step: number): number => BOX.left + (step / total) * inner.width;
  const y = (loss: number): number => BOX.top + (1 - loss / top) * inner.height;
  const line = (points: readonly { step: number; loss: number }[]): string => points.map(({ step, loss }, i) => `${i === 0 ? 'M' : 'L'}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`).join('');
  const parts: SVGElement[] = [];
  const empty = steps.length === 0;
  for (const value of empty ? [0] : ticks(top, 5)) {
    parts.push(draw('path', { class: value === 0 ? 'axis' : 'rule', d: `M${BOX.left} ${y(value).toFixed(1)}H${width - BOX.right}` }));
    parts.push(draw('text', { x: BOX.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, String(value)));
  }
  for (const value of empty ? [0] : ticks(total, width < 500 ? 3 : 6)) {
    const anchor = value === 0 ? 'start' : x(value) > width - 40 ? 'end' : 'middle';
    parts.push(draw('text', { x: x(value), y: HEIGHT - BOX.bottom + 20, 'text-anchor': anchor }, value === 0 ? 'step 0' : count(value)));
  }
  if (empty) {
    parts.push(draw('text', { x: BOX.left + inner.width / 2, y: BOX.top + inner.height / 2, 'text-anchor': 'middle' }, 'The curve is drawn here while the model learns.'));
  } else {
    parts.push(draw('path', { class: 'raw', d: line(thinned(steps, inner.width)) }));
    if (held.length > 0) parts.push(draw('path', { class: 'held', d: line(held) }));
    parts.push(draw('path', { class: 'line', d: line(thinned(means, inner.width)) }));
    for (const { step, loss } of held) parts.push(draw('circle', { class: 'dot', cx: x(step).toFixed(1), cy: y(loss).toFixed(1), r: 3.5 }));
  }
  svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  svg.setAttribute('aria-label', describe(means, held));
  svg.replaceChildren(...parts);
}

function describe(means: readonly StepReport[], held: readonly Held[]): string {
  const [first, last] = [means[0], means.at(-1)];
  if (first === undefined || last === undefined) return 'Loss curve, empty until training starts.';
  const seen = `Loss fell from ${first.loss.toFixed(2)} at step ${first.step} to ${last.loss.toFixed(2)} at step ${last.step}`;
  const newest = held.at(-1);
  return newest === undefined ? `${seen}.` : `${seen}; on text it never saw it is ${newest.loss.toFixed(2)}.`;
}

/** At most `most` points, the mean of each group: more than pixels only take time. */
function thinned(points: readonly StepReport[], most: number): StepReport[] {
  const group = Math.ceil(points.length / most);
  if (group <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / group) }, (_, i) => {
    const some = points.slice(i * group, (i + 1) * group);
    return { step: some.at(-1)!.step, loss: some.reduce((sum, { loss }) => sum + loss, 0) / some.length };
  });
}

/** Round numbers from 0 to `most`, about `wanted` of them. */
function ticks(most: number, wanted: number): number[] {
  const rough = most / wanted;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * unit).find((each) => each >= rough)!);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}
