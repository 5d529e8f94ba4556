import { UsageError } from '../cli/cli-error.ts';
import { didYouMean } from '../cli/did-you-mean.ts';
import type { FlagValue, Flags, LifecycleRecipe } from './recipe-shape.ts';

/** A reference in a text: `${name}`, `${name@previous}`, `${name@previous|other}`. */
export interface Reference {
  readonly name: string;
  /** Of the round before. */
  readonly previous: boolean;
  /** The step that stands in for it in the first round. */
  readonly otherwise: string | undefined;
}

const REFERENCE = /\$\{([\w.-]+)(@previous(?:\|([\w.-]+))?)?\}/g;
/** The number of the round, from 1 on. */
const ROUND = 'round';

/** Every reference in flags. */
export function referencesIn(flags: Flags): Reference[] {
  return Object.values(flags).flatMap((value) => [value].flat()).flatMap((value) => (typeof value !== 'string' ? []
    : [...value.matchAll(REFERENCE)].map(([, name, previous, otherwise]) => ({ name: name!, previous: previous !== undefined, otherwise }))));
}

/** What references stand for while a step gets ready. */
export interface Known {
  readonly values: Readonly<Record<string, FlagValue>>;
  readonly round: number;
  /** Where the result of a step lies in this round, and in the one before where it has one. */
  readonly place: (step: string) => string;
  readonly previous: (step: string) => string | undefined;
}

/**
 * Flags with every reference replaced. A text that is one reference and nothing else takes the value as it is, a number or a list;
 * a flag that refers to the round before is left out in the first one, unless it says what stands in for it.
 */
export function resolveFlags(flags: Flags, known: Known): Flags {
  return Object.fromEntries(Object.entries(flags).flatMap(([key, value]): [string, FlagValue][] => {
    const found = resolveValue(value, known);
    return found === undefined ? [] : [[key, found]];
  }));
}

function resolveValue(value: FlagValue, known: Known): FlagValue | undefined {
  if (Array.isArray(value)) {
    const items = (value as readonly (string | number)[]).map((item) => resolveValue(item, known));
    return items.includes(undefined) ? undefined : items.flat() as (string | number)[];
  }
  if (typeof value !== 'string') return value;
  const matches = [...value.matchAll(REFERENCE)];
  const found = matches.map(([, name, previous, otherwise]) => lookUp({ name: name!, previous: previous !== undefined, otherwise }, known));
  if (found.includes(undefined)) return undefined;
  if (matches.length === 1 && matches[0]![0] === value) return found[0];
  let i = 0;
  return value.replace(REFERENCE, () => [found[i++]!].flat().join(' '));
}

function lookUp({ name, previous, otherwise }: Reference, { values, round, place, previous: before }: Known): FlagValue | undefined {
  if (previous) return before(name) ?? (otherwise === undefined ? undefined : place(otherwise));
  if (name === ROUND) return round;
  return Object.hasOwn(values, name) ? values[name] : place(name);
}

/** What a step depends on: other steps of this round, values, and the round itself. */
export interface Dependencies {
  readonly steps: readonly string[];
  readonly values: readonly string[];
  readonly round: boolean;
}

/**
 * What each step depends on, by its references and by `needs`.
 *
 * @throws UsageError for a name that is neither a step nor a value, with the nearest that is.
 */
export function dependenciesOf({ steps, values = {} }: LifecycleRecipe, at: (...keys: string[]) => string): Record<string, Dependencies> {
  const known = [...Object.keys(steps), ...Object.keys(values), ROUND];
  return Object.fromEntries(Object.entries(steps).map(([id, { with: flags = {}, alternative = [], needs = [] }]) => {
    const references = [flags, ...[alternative].flat()].flatMap(referencesIn);
    for (const { name, otherwise, previous } of references) {
      for (const each of [name, ...(otherwise === undefined ? [] : [otherwise])]) {
        const sound = previous ? Object.hasOwn(steps, each) : known.includes(each);
        if (!sound) throw new UsageError(`llm run: expected a step${previous ? '' : ' or a value'} at ${at('steps', id, 'with')} but found \${${each}}.${didYouMean(each, previous ? Object.keys(steps) : known)}`);
      }
    }
    for (const need of needs) {
      if (!Object.hasOwn(steps, need)) throw new UsageError(`llm run: expected needs at ${at('steps', id, 'needs')} to name steps but found ${need}.${didYouMean(need, Object.keys(steps))}`);
    }
    const now = references.filter(({ previous }) => !previous).map(({ name }) => name);
    return [id, {
      steps: [...new Set([...now.filter((name) => Object.hasOwn(steps, name) && !Object.hasOwn(values, name)), ...references.flatMap(({ otherwise }) => otherwise ?? []), ...needs])],
      values: [...new Set(now.filter((name) => Object.hasOwn(values, name)))],
      round: references.some(({ name, previous }) => previous || name === ROUND),
    }];
  }));
}

/** The steps in an order in which each comes after what it depends on, as near to that of the recipe as can be. */
export function inOrder(dependencies: Readonly<Record<string, Dependencies>>): string[] {
  const left = Object.keys(dependencies);
  const order: string[] = [];
  while (left.length > 0) {
    const next = left.findIndex((id) => dependencies[id]!.steps.every((need) => order.includes(need)));
    if (next < 0) throw new UsageError(`llm run: expected steps that can come one after the other but found a circle of ${left.join(', ')}. Take one of their references away.`);
    order.push(...left.splice(next, 1));
  }
  return order;
}
