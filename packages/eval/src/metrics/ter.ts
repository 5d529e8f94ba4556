import { stripEnd } from '../python/text.ts';
import { type Aggregation, aggregation } from './aggregation.ts';
import { pairOf, summed, wordsIn } from './corpus-pairs.ts';
import { editTable } from './edit-table.ts';

const MAX_SHIFT = 10;
const MAX_DISTANCE = 50;
const MAX_CANDIDATES = 1000;
// Cells of edit tables for one text, at most: a monstrous one is not shifted any further, where Tercom would go on for hours.
const MAX_CELLS = 100_000_000;

interface Shift { readonly gain: number; readonly length: number; readonly start: number; readonly target: number; readonly words: readonly string[] }

/** The order in which Tercom prefers shifts: by what they gain, the longest, the first, to the first place. */
function better(a: Shift, b: Shift): boolean {
  const order = a.gain - b.gain || a.length - b.length || b.start - a.start || b.target - a.target;
  return order > 0 || (order === 0 && comesAfter(a.words, b.words));
}

/** Lists as Python orders them. */
function comesAfter(a: readonly string[], b: readonly string[]): boolean {
  const at = a.findIndex((word, i) => word !== b[i]);
  return at >= 0 && a[at]! > b[at]!;
}

/** The words with `length` of them from `start` on put before `target`. */
function shifted(words: readonly string[], { start, length, target }: { start: number; length: number; target: number }): string[] {
  const moved = words.slice(start, start + length);
  if (target < start) return [...words.slice(0, target), ...moved, ...words.slice(target, start), ...words.slice(start + length)];
  const rest = target > start + length ? target : length + target;
  return [...words.slice(0, start), ...words.slice(start + length, rest), ...moved, ...words.slice(rest)];
}

/** Runs of words that both have, at different places: [place in a, place in b, length], each run with all its beginnings. */
function* runs(a: readonly string[], b: readonly string[]): Generator<readonly [number, number, number]> {
  for (let i = 0; i < a.length; i++) {
    for (let j = Math.max(0, i - MAX_DISTANCE); j < Math.min(b.length, i + MAX_DISTANCE + 1); j++) {
      for (let length = 0; length < MAX_SHIFT && i + length < a.length && j + length < b.length && a[i + length] === b[j + length];) yield [i, j, ++length];
    }
  }
}

interface State { candidates: number; cells: number }

/** The best shift of one run of words, if any brings them nearer. */
function bestShift(words: readonly string[], reference: readonly string[], state: State): Shift | undefined {
  const { distance, align, wrongHere, wrongThere } = editTable(words, reference);
  let best: Shift | undefined;
  const wrong = (flags: readonly boolean[], from: number, length: number): boolean => flags.slice(from, from + length).includes(true);
  for (const [start, there, length] of runs(words, reference)) {
    if (!wrong(wrongHere, start, length) || !wrong(wrongThere, there, length)) continue;
    const now = align[there]!;
    if (now >= start && now < start + length) continue;
    let last = -1;
    for (let offset = -1; offset < length && there + offset < reference.length; offset++) {
      const target = there + offset === -1 ? 0 : align[there + offset]! + 1;
      if (target === last) continue;
      last = target;
      const moved = shifted(words, { start, length, target });
      const shift = { gain: distance - editTable(moved, reference).distance, length, start, target, words: moved };
      state.candidates++;
      state.cells += words.length * Math.min(reference.length, 2 * MAX_DISTANCE);
      if (best === undefined || better(shift, best)) best = shift;
    }
    if (state.candidates >= MAX_CANDIDATES || state.cells >= MAX_CELLS) break;
  }
  return best;
}

/** How many edits and shifts turn the words into the reference, at least as far as a greedy search finds. */
function editsOf(words: readonly string[], reference: readonly string[]): number {
  if (reference.length === 0) return words.length;
  const state: State = { candidates: 0, cells: 0 };
  let now = words;
  let shifts = 0;
  for (;;) {
    const best = bestShift(now, reference, state);
    if (best === undefined || best.gain <= 0 || state.candidates >= MAX_CANDIDATES || state.cells >= MAX_CELLS) break;
    now = best.words;
    shifts++;
  }
  return shifts + editTable(now, reference).distance;
}

/**
 * Translation edit rate of a corpus as sacrebleu gives it by default: words inserted, deleted, replaced or shifted in runs, over the
 * words of the references, times 100. Case does not count. Snover et al. 2006, https://aclanthology.org/2006.amta-papers.25
 */
export const ter: Aggregation = aggregation<readonly number[]>('ter', (items) => {
  const [edits = 0, length = 0] = summed(items);
  return length > 0 ? (100 * edits) / length : edits > 0 ? 100 : 0;
}, {
  stderr: 'bootstrap',
  prepare: (items) => items.map((item) => {
    const { references, prediction } = pairOf(item);
    const words = (text: string): string[] => wordsIn(stripEnd(text).toLowerCase());
    const own = words(prediction);
    const others = references.map(words);
    return [Math.min(...others.map((other) => editsOf(own, other))), others.reduce((sum, { length }) => sum + length, 0) / others.length];
  }),
});
