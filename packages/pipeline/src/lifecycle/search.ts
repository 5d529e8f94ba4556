import { EXIT, UsageError } from '../cli/cli-error.ts';
import { didYouMean } from '../cli/did-you-mean.ts';
import { digits, table } from '../cli/format.ts';
import { applySettings, settingTarget } from './apply-settings.ts';
import { checkLifecycle } from './check-lifecycle.ts';
import type { Lifecycle } from './read-lifecycle.ts';
import type { Command } from '../cli/command.ts';
import { figureFor } from './metrics.ts';
import type { LifecycleRecipe, SearchRecipe } from './recipe-shape.ts';
import type { DoneStep } from './done-step.ts';
import { type LifeEnd, runLifecycle, type RunLifecycleOptions } from './run-lifecycle.ts';
import { ranked, rungsOf, survivors, type TrialSettings, trialsOf } from './trials.ts';

/** One trial of a search, and how far it came. */
export interface Trial {
  readonly name: string;
  readonly settings: TrialSettings;
  /** The figure that trials are compared by, after each rung that it took part in. */
  readonly values: readonly (number | null)[];
  /** The rung after which it was left behind, from 1 on; undefined where it came to the end. */
  readonly stoppedAfter: number | undefined;
  readonly end: LifeEnd;
}

/** What a search found, best first. */
export interface SearchEnd {
  readonly code: number;
  readonly trials: readonly Trial[];
  /** How much of the halving flag each rung took. */
  readonly rungs: readonly number[];
}

export interface SearchOptions extends Omit<RunLifecycleOptions, 'lifecycle' | 'trial'> {
  readonly lifecycle: Lifecycle;
  readonly commands: readonly Command[];
}

/** Checks a search before anything runs: its step, its names, and the amount that halving begins from. */
export function checkSearch(recipe: LifecycleRecipe, search: SearchRecipe, at: Lifecycle['at']): void {
  const steps = Object.keys(recipe.steps);
  if (!steps.includes(search.step)) throw new UsageError(`llm run: expected a step at ${at('search', 'step')} but found ${search.step}.${didYouMean(search.step, steps)}`);
  for (const settings of trialsOf(search).slice(0, 1)) for (const key of Object.keys(settings)) settingTarget(recipe, key);
  if (search.halving !== undefined && typeof amountOf(recipe, search.halving.flag) !== 'number') throw new UsageError(`llm run: expected a number for ${search.halving.flag}, which halving at ${at('search', 'halving')} goes up to, but found ${String(amountOf(recipe, search.halving.flag))}. Set it in the recipe.`);
}

function amountOf(recipe: LifecycleRecipe, key: string): unknown {
  const target = settingTarget(recipe, key);
  return target.step === undefined ? recipe.values?.[key] : recipe.steps[target.step]!.with?.[target.flag];
}

/**
 * Lives the same life with other values, and leaves losers behind early where the recipe says so. What trials have in common is done
 * once; a gate that a trial does not pass ends that trial alone.
 */
export async function runSearch({ lifecycle, commands, ...options }: SearchOptions): Promise<SearchEnd> {
  const { recipe, at, file } = lifecycle;
  const search = recipe.search!;
  checkSearch(recipe, search, at);
  const { halving, goal, step, metric } = search;
  const full = halving === undefined ? 0 : Number(amountOf(recipe, halving.flag));
  const rungs = halving === undefined ? [full] : rungsOf(halving, full);
  const all = trialsOf(search).map((settings, i): Trial => ({ name: `t${i + 1}`, settings, values: [], stoppedAfter: undefined, end: { code: EXIT.ok, done: [] } }));
  const gone: Trial[] = [];
  let left = all;
  for (const [rung, amount] of rungs.entries()) {
    const last = rung === rungs.length - 1;
    const next: Trial[] = [];
    for (const trial of left) {
      const settings = { ...trial.settings, ...(halving === undefined ? {} : { [halving.flag]: amount }) };
      const name = last ? trial.name : `${trial.name}-rung${rung + 1}`;
      options.say(`Trial ${name}: ${settingsText(settings)}`);
      const changes = Object.keys(settings).map((key) => settingTarget(recipe, key).step ?? key);
      const changed = { file, at, recipe: applySettings(recipe, Object.entries(settings)) };
      const end = await runLifecycle({ ...options, lifecycle: checkLifecycle(changed, { commands, cwd: options.io.cwd }), trial: { name, changes } });
      if (end.code !== EXIT.ok && end.code !== EXIT.gate) return { code: end.code, trials: ordered([...next, ...left.slice(next.length), ...gone], goal), rungs };
      next.push({ ...trial, values: [...trial.values, valueOf(end.done, { step, metric })], end });
    }
    if (last) {
      left = next;
      break;
    }
    left = survivors(next, { value: ({ values }) => values.at(-1), goal, factor: halving!.factor ?? 3 });
    gone.push(...next.filter((trial) => !left.includes(trial)).map((trial) => ({ ...trial, stoppedAfter: rung + 1 })));
    options.say(`Rung ${rung + 1} of ${rungs.length}: ${left.map(({ name }) => name).join(', ')} of ${next.length} go on.`);
  }
  return { code: EXIT.ok, trials: ordered([...left, ...gone], goal), rungs };
}

/** Those that came farthest first, the best of them before the others. */
function ordered(trials: readonly Trial[], goal: SearchRecipe['goal']): Trial[] {
  const byLength = trials.toSorted((a, b) => b.values.length - a.values.length);
  return [...new Set(byLength.map(({ values }) => values.length))].flatMap((length) => ranked(byLength.filter(({ values }) => values.length === length), { value: ({ values }) => values.at(-1), goal }));
}

function valueOf(done: readonly DoneStep[], { step, metric }: { step: string; metric: string }): number | null {
  const figures = done.findLast(({ id }) => id === step)?.record.result?.figures ?? {};
  const name = figureFor(metric, Object.keys(figures));
  return name === undefined ? null : figures[name]!;
}

const settingsText = (settings: TrialSettings): string => Object.entries(settings).map(([key, value]) => `${key} ${String(value)}`).join(', ');

/** The trials as a table, best first, and what all that came to the end have in common. */
export function searchTable({ trials, rungs }: SearchEnd, { metric }: Pick<SearchRecipe, 'metric'>): { header: string[]; cells: string[][]; note: string } {
  const keys = [...new Set(trials.flatMap(({ settings }) => Object.keys(settings)))];
  const header = ['trial', ...keys, ...(rungs.length === 1 ? [metric] : rungs.map((amount) => `${metric} at ${amount}`)), 'gates'];
  const cells = trials.map(({ name, settings, values, stoppedAfter, end }) => [
    name, ...keys.map((key) => String(settings[key] ?? '')), ...rungs.map((_, i) => (values[i] === undefined ? '' : values[i] === null ? '?' : digits(values[i]))),
    stoppedAfter !== undefined ? `left behind after rung ${stoppedAfter}` : end.failed === undefined ? 'passed' : `${end.failed.step.id} failed`,
  ]);
  return { header, cells, note: spread(trials, metric) };
}

const isSeed = (key: string): boolean => key === 'seed' || key.endsWith('.seed');

/** Mean, deviation and error of trials that differ in their seed alone, a line for each setting that has several. */
function spread(trials: readonly Trial[], metric: string): string {
  const groups = new Map<string, number[]>();
  for (const { settings, values, stoppedAfter } of trials) {
    if (stoppedAfter !== undefined) continue;
    const key = settingsText(Object.fromEntries(Object.entries(settings).filter(([name]) => !isSeed(name))));
    groups.set(key, [...groups.get(key) ?? [], ...[values.at(-1) ?? []].flat()]);
  }
  return [...groups].filter(([, values]) => values.length > 1).map(([key, values]) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    return `${metric}${key === '' ? '' : ` with ${key}`}, ${values.length} seeds: mean ${mean.toPrecision(4)}, standard deviation ${deviation.toPrecision(3)}, standard error ${(deviation / Math.sqrt(values.length)).toPrecision(3)}.`;
  }).join('\n');
}

/** The same as text. */
export function searchText(end: SearchEnd, search: SearchRecipe): string {
  const { header, cells, note } = searchTable(end, search);
  return [table(header, cells), ...(note === '' ? [] : [note])].join('\n');
}
