import { CliError, UsageError } from '../cli/cli-error.ts';
import { didYouMean } from '../cli/did-you-mean.ts';
import { digits } from '../cli/format.ts';
import type { Measured, StepFigures } from './figures.ts';
import { figureFor, GATES } from './metrics.ts';
import type { Criterion, LifecycleRecipe, StepRecipe } from './recipe-shape.ts';

/** What came of one criterion. */
export interface Verdict {
  readonly metric: string;
  /** The figure that was taken for it, and the step that measured it. */
  readonly figure: string;
  readonly of: string;
  /** Null: measured, but no number. */
  readonly value: number | null;
  /** `> 0.85`, `change < 0.05`. */
  readonly wanted: string;
  readonly passed: boolean;
  /** Measured with it or beside it; null where it was measured but no number, undefined where it was not. */
  readonly beside: Readonly<Record<string, number | null | undefined>>;
}

/** A criterion whose bounds are numbers. */
export interface Asked extends Omit<Criterion, 'above' | 'below'> {
  readonly above?: number | undefined;
  readonly below?: number | undefined;
}

/** The criteria of a step's gate, the default ones by name, with references to values in place. */
export function criteriaOf(id: string, { steps, values = {} }: LifecycleRecipe): readonly Asked[] {
  const number = (bound: number | string | undefined): number | undefined => {
    if (typeof bound !== 'string') return bound;
    const value = values[bound.slice(2, -1)];
    if (typeof value !== 'number') throw new UsageError(`llm run: expected the gate of ${id} to refer to a number but found ${bound}, which is ${value === undefined ? 'no value of the recipe' : JSON.stringify(value)}.${didYouMean(bound.slice(2, -1), Object.keys(values))}`);
    return value;
  };
  const criteria = [steps[id]!.gate ?? []].flat().flatMap((each): readonly Criterion[] => (typeof each === 'string' ? GATES[each] ?? [] : [each as Criterion]));
  return criteria.map(({ above, below, ...rest }) => ({ ...rest, above: number(above), below: number(below) }));
}

/** Checks what a gate asks for, before anything runs: names that exist, and at least one bound. */
export function checkGate(id: string, recipe: LifecycleRecipe, at: (...keys: (string | number)[]) => string): void {
  const { gate, rollback }: StepRecipe = recipe.steps[id]!;
  const steps = Object.keys(recipe.steps);
  for (const each of [gate ?? []].flat()) {
    if (typeof each === 'string' && !Object.hasOwn(GATES, each)) throw new UsageError(`llm run: expected the gate at ${at('steps', id, 'gate')} to be one of ${Object.keys(GATES).join(', ')} or a list of criteria but found ${each}.${didYouMean(each, Object.keys(GATES))}`);
  }
  criteriaOf(id, recipe).forEach(({ metric, above, below, of, change_from: from }, i) => {
    if (above === undefined && below === undefined) throw new UsageError(`llm run: expected above or below for ${metric} at ${at('steps', id, 'gate', i)} but found neither. Say what it must be.`);
    for (const step of [of, from === 'before' ? undefined : from]) {
      if (step !== undefined && !steps.includes(step)) throw new UsageError(`llm run: expected a step at ${at('steps', id, 'gate', i)} but found ${step}.${didYouMean(step, steps)}`);
    }
  });
  if (rollback !== undefined && !steps.includes(rollback)) throw new UsageError(`llm run: expected rollback at ${at('steps', id, 'rollback')} to name a step but found ${rollback}.${didYouMean(rollback, steps)}`);
}

/** A metric that a step cannot measure, found out before it runs. */
export function checkMeasured(criteria: readonly Asked[], { id, known }: { id: string; known: (step: string) => readonly string[] | undefined }): void {
  for (const { metric, paired, of = id, change_from: from } of criteria) {
    for (const [step, name] of [[of, metric], [of, paired], [from === 'before' ? undefined : from, metric]] as const) {
      const figures = step === undefined || name === undefined ? undefined : known(step);
      if (figures !== undefined && figureFor(name!, figures) === undefined) throw notMeasured({ id, name: name!, step: step!, figures });
    }
  }
}

function notMeasured({ id, name, step, figures }: { id: string; name: string; step: string; figures: readonly string[] }): CliError {
  return new CliError('E_NOT_MEASURED', `llm run: expected ${step} to measure ${name}, which the gate of ${id} asks for, but found only ${figures.slice(0, 12).join(', ') || 'nothing'}.${didYouMean(name, figures)} Measure it with another flag or step, or ask for another.`);
}

/**
 * Compares figures with what a gate asks for. What was measured but is no number does not pass.
 *
 *   change = (value − other) / |other| where a criterion compares with another step, or with what was before
 *
 * @throws CliError E_NOT_MEASURED for a metric that was not measured at all: it neither passes nor fails.
 *
 * @example
 * ```ts
 * import { criteriaOf, judge, verdictText } from '@llm/pipeline';
 * const recipe = { lifecycle: 'small', steps: { base: { run: 'pretrain', gate: 'pretrain' } } };
 * const [verdict] = judge(criteriaOf('base', recipe), { id: 'base', measured: () => ({ figures: { perplexity: 8.2, bits_per_byte: 1.1 }, before: {} }) });
 * if (!verdict?.passed || !verdictText(verdict).startsWith('perplexity 8.20, as wanted < 10')) throw new Error('the default asks for less than 10');
 * ```
 */
export function judge(criteria: readonly Asked[], { id, measured }: { id: string; measured: (step: string) => Measured }): Verdict[] {
  const look = (step: string, name: string, figures: StepFigures): [figure: string, value: number | null] => {
    const figure = figureFor(name, Object.keys(figures));
    if (figure === undefined) throw notMeasured({ id, name, step, figures: Object.keys(figures) });
    return [figure, figures[figure]!];
  };
  return criteria.map(({ metric, above, below, paired, beside = [], of = id, change_from: from }) => {
    const { figures, before } = measured(of);
    const [figure, found] = look(of, metric, figures);
    const other = from === undefined ? undefined : look(from, metric, from === 'before' ? before : measured(from).figures)[1];
    const value = other === undefined ? found : found === null || other === null ? null : (found - other) / Math.abs(other);
    const bounds = [above === undefined ? [] : [`> ${bound(above)}`], below === undefined ? [] : [`< ${bound(below)}`]].flat().join(' and ');
    const optional = beside.map((name): [string, number | null | undefined] => {
      const at = figureFor(name, Object.keys(figures));
      return [name, at === undefined ? undefined : figures[at]];
    });
    return {
      metric, figure, of, value: value !== null && Number.isNaN(value) ? null : value, wanted: from === undefined ? bounds : `change from ${from} ${bounds}`,
      // Null and NaN are neither above nor below anything.
      passed: value !== null && (above === undefined || value > above) && (below === undefined || value < below),
      beside: Object.fromEntries([...(paired === undefined ? [] : [[paired, look(of, paired, figures)[1]] as const]), ...optional]),
    };
  });
}

/** Thresholds as they were written. */
const bound = (value: number): string => String(value);

/** `perplexity 8.21 < 10 (bits_per_byte 1.10)`. */
export function verdictText({ metric, figure, value, wanted, passed, beside }: Verdict): string {
  const others = Object.entries(beside).map(([name, each]) => `${name} ${each === undefined ? 'not measured' : each === null ? 'no number' : digits(each)}`);
  const source = figure === metric ? metric : `${metric} (${figure})`;
  return `${source} ${value === null ? 'no number' : digits(value)}, ${passed ? 'as wanted' : 'wanted'} ${wanted}${others.length === 0 ? '' : `; ${others.join(', ')}`}`;
}
