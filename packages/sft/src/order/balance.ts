import { type Example, targetsOf } from '../examples/example.ts';
import { promptText, type RawExample } from '../formats/raw-example.ts';
import { apportion } from './apportion.ts';
import { draw } from './draw.ts';
import { mix } from './shuffled.ts';

export interface BalanceOptions<T> {
  /** The group of an item: `lengthGroup`, `instructionGroup`, or one of yours. */
  readonly groupOf: (item: T) => string;
  readonly seed: number;
  /** 1 leaves the groups as large as they are, larger ones make them more even, Infinity equal; default Infinity. */
  readonly temperature?: number;
  /** Items to draw; default as many as there are. */
  readonly total?: number;
}

export interface Group {
  readonly group: string;
  readonly items: number;
  readonly drawn: number;
  /** How often its items are gone through: drawn / items. */
  readonly epochs: number;
}

/**
 * Items drawn so that their groups come more evenly: a group of n gets a share in proportion to n^(1/T). No item of a group comes
 * again before all of them have come. In the order of the groups: shuffle afterwards, as `batches` does.
 *
 * @example
 * ```ts
 * import { balance } from '@llm/sft';
 * const { items, groups } = balance(['a', 'a', 'a', 'b'], { groupOf: (item) => item, seed: 0 });
 * if (items.join('') !== 'aabb' || groups[1]!.epochs !== 2) throw new Error('two of each');
 * ```
 */
export function balance<T>(items: readonly T[], { groupOf, seed, temperature = Infinity, total = items.length }: BalanceOptions<T>): { items: T[]; groups: Group[] } {
  if (!(temperature >= 1)) throw new RangeError(`balance: expected a temperature from 1 on but found ${temperature}. 1 leaves the groups as they are.`);
  const members = new Map<string, T[]>();
  for (const item of items) {
    const group = groupOf(item);
    const known = members.get(group);
    if (known === undefined) members.set(group, [item]);
    else known.push(item);
  }
  const names = [...members.keys()].toSorted();
  const counts = apportion(names.map((name) => members.get(name)!.length ** (1 / temperature)), total);
  return {
    items: names.flatMap((name, i) => {
      const group = members.get(name)!;
      return Array.from(draw(group.length, { from: 0, count: counts[i]!, seed: mix(seed + i) }), (at) => group[at]!);
    }),
    groups: names.map((group, i) => ({ group, items: members.get(group)!.length, drawn: counts[i]!, epochs: counts[i]! / members.get(group)!.length })),
  };
}

/** How long an answer is, by powers of two of its learned tokens: `16…31`. */
export function lengthGroup(example: Example): string {
  const power = 2 ** Math.floor(Math.log2(Math.max(1, targetsOf(example))));
  return `${power}…${2 * power - 1}`;
}

/** What is asked for, by the first word of the prompt (`write`, `list`, `what`), or `other` where it is no word. */
export function instructionGroup(example: RawExample): string {
  const word = /^[\s"'«„“(]*(?:(?:please|can you|could you)\s+)?(\p{L}+)/iu.exec(promptText(example));
  return word?.[1]?.toLowerCase() ?? 'other';
}
