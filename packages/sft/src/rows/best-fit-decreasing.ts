import { type Example, sliceExample } from '../examples/example.ts';
import type { Row } from './row.ts';

/** Tokens per row: at most the context of the model. */
export interface PackOptions {
  readonly length: number;
}

/** Refuses a length that no row can have. */
export function checkLength(length: number, name: string): void {
  if (!Number.isSafeInteger(length) || length < 1) throw new RangeError(`${name}: expected length to be a whole number from 1 on but found ${length}.`);
}

/**
 * Best-fit-decreasing packing: longest examples first, each into the row with the least room that takes it, the oldest of equals.
 * What is longer than a row is cut, its end lost. The rows are those of TRL's `bfd`, which packs a thousand examples at a time.
 *
 * Ding et al. 2024, https://arxiv.org/abs/2404.10830
 *
 * @example
 * ```ts
 * import { bfd, plainExample } from '@llm/sft';
 * const rows = bfd([[1, 2, 3, 4, 5], [6, 7], [8, 9, 10], [11]].map((ids) => plainExample(ids)), { length: 4 });
 * const ids = rows.map((row) => row.map((example) => example.ids.join()).join('|')).join(' ');
 * if (ids !== '1,2,3,4 8,9,10|11 6,7') throw new Error(ids);
 * ```
 */
export function bfd(examples: Iterable<Example>, { length }: PackOptions): Row[] {
  checkLength(length, 'bfd');
  return bestFit(Array.from(examples, (example) => (example.ids.length > length ? sliceExample(example, 0, length) : example)), length);
}

/**
 * Best-fit-decreasing packing that loses nothing: what is longer than a row is cut into pieces, which are packed like the others.
 * A piece does not see the one before it, nor learn its own first token. The rows are those of TRL's `bfd_split`.
 */
export function bfdSplit(examples: Iterable<Example>, { length }: PackOptions): Row[] {
  checkLength(length, 'bfdSplit');
  const pieces: Example[] = [];
  for (const example of examples) {
    for (let from = 0; from < example.ids.length; from += length) pieces.push(sliceExample(example, from, Math.min(from + length, example.ids.length)));
  }
  return bestFit(pieces, length);
}

function bestFit(examples: readonly Example[], length: number): Row[] {
  const bySize: Example[][] = Array.from({ length: length + 1 }, () => []);
  for (const example of examples) bySize[example.ids.length]!.push(example);
  const rows: Example[][] = [];
  // Rows by the room that is left, the oldest first; `taken` of each have been used up.
  const byRoom: { rows: Example[][]; taken: number }[] = Array.from({ length: length + 1 }, () => ({ rows: [], taken: 0 }));
  for (let size = length; size > 0; size--) {
    for (const example of bySize[size]!) {
      let room = size;
      while (room < length && byRoom[room]!.taken === byRoom[room]!.rows.length) room++;
      let row: Example[];
      if (room < length) row = byRoom[room]!.rows[byRoom[room]!.taken++]!;
      else rows.push(row = []);
      row.push(example);
      byRoom[room - size]!.rows.push(row);
    }
  }
  return rows;
}
