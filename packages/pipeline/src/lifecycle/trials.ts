import { philox } from '@llm/kernels';
import { UsageError } from '../cli/cli-error.ts';
import type { RandomRange, SearchRecipe } from './recipe-shape.ts';

/** What one trial of a search changes: `step.flag` or the name of a value. */
export type TrialSettings = Readonly<Record<string, string | number | boolean>>;

const DRAWS = 8;
/** So many trials are a mistake, or a life of its own. */
const MOST_TRIALS = 1000;

/**
 * The trials of a search: every combination of `grid`, each with its own draw of `random`; with `random` alone, `trials` draws.
 * The same seed draws the same.
 */
export function trialsOf({ grid = {}, random = {}, trials = DRAWS, seed = 0 }: SearchRecipe): TrialSettings[] {
  let combinations: TrialSettings[] = [{}];
  for (const [key, values] of Object.entries(grid)) combinations = combinations.flatMap((each) => values.map((value) => ({ ...each, [key]: value })));
  const draws = Object.entries(random);
  if (Object.keys(grid).length === 0) combinations = draws.length === 0 ? [] : Array.from({ length: trials }, () => ({}));
  if (combinations.length < 1 || combinations.length > MOST_TRIALS) throw new UsageError(`llm run: expected search to make 1 to ${MOST_TRIALS} trials but found ${combinations.length}. ${combinations.length === 0 ? 'Give it a grid, or random with trials.' : 'Take values away.'}`);
  return combinations.map((each, i) => ({ ...each, ...Object.fromEntries(draws.map(([key, from], stream) => [key, draw(from, philox(seed, i * draws.length + stream).uniform())])) }));
}

function draw(from: RandomRange | readonly (string | number | boolean)[], u: number): string | number | boolean {
  if (Array.isArray(from)) return (from as readonly (string | number | boolean)[])[Math.floor(u * from.length)]!;
  const { from: low, to: high, log = false, whole = false } = from as RandomRange;
  if (!(low < high) || (log && low <= 0)) throw new UsageError(`llm run: expected a range from a smaller${log ? ', positive' : ''} to a larger number but found ${low} to ${high}.`);
  const value = log ? low * (high / low) ** u : low + (high - low) * u;
  // More digits than these tell nothing, and a name or a table with them is hard to read.
  return whole ? Math.round(value) : Number(value.toPrecision(4));
}

/**
 * How much of the halving flag each round of a search takes: `least`, then `factor` times as much, up to what the recipe says.
 *
 * Successive halving: Jamieson & Talwalkar 2016, https://arxiv.org/abs/1502.07943
 */
export function rungsOf({ least, factor = 3 }: { readonly least: number; readonly factor?: number }, full: number): number[] {
  if (least >= full) return [full];
  const rungs: number[] = [];
  for (let amount = least; amount < full; amount *= factor) rungs.push(Math.round(amount));
  return [...rungs, full];
}

/** The trials that go on: the best `1 / factor` of them, one at least; what has no figure is last. */
export function survivors<T>(trials: readonly T[], { value, goal, factor }: { readonly value: (trial: T) => number | null | undefined; readonly goal: SearchRecipe['goal']; readonly factor: number }): T[] {
  return ranked(trials, { value, goal }).slice(0, Math.max(1, Math.ceil(trials.length / factor)));
}

/** Best first; equals in their order. */
export function ranked<T>(trials: readonly T[], { value, goal }: { readonly value: (trial: T) => number | null | undefined; readonly goal: SearchRecipe['goal'] }): T[] {
  const worth = (trial: T): number => {
    const found = value(trial);
    return found === null || found === undefined ? -Infinity : goal === 'most' ? found : -found;
  };
  return trials.toSorted((a, b) => (worth(a) === worth(b) ? 0 : worth(b) - worth(a)));
}
