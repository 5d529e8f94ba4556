/** What a model knew before, and how much of its old data is replayed; plain data, so that it is saved with a run. */
export type ForgettingMonitor = {
  /** A figure for each task before fine-tuning: bits per byte, loss, accuracy. */
  readonly baseline: Readonly<Record<string, number>>;
  /** Share of replayed data from here on: the `fraction` of a source of `mixture`. */
  readonly replay: number;
  readonly tasks: readonly ForgettingTask[];
  /** What was forgotten, where something was. */
  readonly alert?: string;
};

export type ForgettingTask = {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** How much worse it got, relative to before: 0.1 is ten percent worse. */
  readonly loss: number;
  readonly forgotten: boolean;
};

export interface ForgettingOptions {
  /** How much worse, relative to before, counts as forgotten; default 0.05. */
  readonly tolerance?: number;
  /** Tasks for which a higher figure is better; default none, as for losses and bits per byte. */
  readonly higherIsBetter?: Iterable<string>;
  /** The share that replay begins with when something is forgotten, doubled each further time, and its most; default 0.05 and 0.4. */
  readonly firstReplay?: number;
  readonly mostReplay?: number;
}

/** A monitor of what a model knew before fine-tuning; `replay` is the share of old data that it is trained with from the start. */
export function startForgetting(baseline: Readonly<Record<string, number>>, { replay = 0 }: { readonly replay?: number } = {}): ForgettingMonitor {
  const [name, value] = Object.entries(baseline).find(([, figure]) => !Number.isFinite(figure)) ?? [];
  if (name !== undefined) throw new RangeError(`startForgetting: expected a finite figure for ${name} but found ${value}.`);
  return { baseline, replay, tasks: [] };
}

/**
 * The monitor after the old tasks were measured again: which of them got worse by more than the tolerance, and the share of old data to
 * replay from here on, which rises while something is forgotten.
 *
 * @throws RangeError for a figure that is missing.
 *
 * @example
 * ```ts
 * import { afterMeasuring, startForgetting } from '@llm/sft';
 * const before = startForgetting({ 'bits per byte': 1.0 });
 * const { alert, replay } = afterMeasuring(before, { 'bits per byte': 1.2 });
 * if (alert === undefined || replay !== 0.05) throw new Error('a fifth worse');
 * ```
 */
export function afterMeasuring(
  { baseline, replay }: ForgettingMonitor, measured: Readonly<Record<string, number>>,
  { tolerance = 0.05, higherIsBetter = [], firstReplay = 0.05, mostReplay = 0.4 }: ForgettingOptions = {},
): ForgettingMonitor {
  const rising = new Set(higherIsBetter);
  const tasks = Object.entries(baseline).map(([name, before]) => {
    const after = measured[name];
    if (after === undefined) throw new RangeError(`afterMeasuring: expected a figure for ${name} but found none. Measure every task of the baseline.`);
    const worse = rising.has(name) ? before - after : after - before;
    const loss = worse === 0 ? 0 : worse / Math.abs(before);
    // What is not finite is forgotten too.
    return { name, before, after, loss, forgotten: !(loss <= tolerance) };
  });
  const forgotten = tasks.filter((task) => task.forgotten).toSorted((a, b) => b.loss - a.loss);
  if (forgotten.length === 0) return { baseline, replay, tasks };
  const next = Math.min(mostReplay, Math.max(firstReplay, 2 * replay));
  const list = forgotten.map(({ name, before, after, loss }) => `${name} from ${before.toPrecision(4)} to ${after.toPrecision(4)} (${(100 * loss).toFixed(1)} % worse)`).join(', ');
  return {
    baseline, replay: next, tasks,
    alert: `Forgotten: ${list}. ${next > replay ? `Replay old data in ${(100 * next).toFixed(0)} % of the rows` : 'Replay is at its most: lower the learning rate, or train an adapter'}.`,
  };
}
