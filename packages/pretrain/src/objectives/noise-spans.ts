import { type Random, shuffle } from '../row-random.ts';

/** How much is left out, and in how long stretches. */
export interface Noise {
  /** Share of tokens that are left out. */
  readonly density: number;
  /** Mean length of what is left out in one place, in tokens. */
  readonly meanLength: number;
}

/** A stretch of tokens that is left out. */
export interface Span {
  readonly from: number;
  readonly count: number;
}

/** To the nearest whole number, halves to the even one, as numpy and Python round. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

/** How many of `length` tokens are left out, and in how many spans: at least 1, but of a single token none. */
export function noiseCounts(length: number, { density, meanLength }: Noise): { readonly noise: number; readonly spans: number } {
  if (length < 2) return { noise: 0, spans: 0 };
  const noise = Math.min(Math.max(roundHalfEven(length * density), 1), length - 1);
  return { noise, spans: Math.max(1, roundHalfEven(Math.min(noise, length - noise) / meanLength)) };
}

/**
 * Spans of T5: as many tokens and spans as `noiseCounts` says, text and spans in turn, text first, and a span last; all ways to cut them
 * are equally likely. Draws a number less than there are tokens left out, less one, and then as many for those that stay.
 */
export function noiseSpans(length: number, options: Noise & { readonly random: Random }): Span[] {
  const { noise, spans } = noiseCounts(length, options);
  if (spans === 0) return [];
  const out = segmentation(noise, spans, options.random);
  const stay = segmentation(length - noise, spans, options.random);
  let at = 0;
  return out.map((count, i) => {
    const from = at + stay[i]!;
    at = from + count;
    return { from, count };
  });
}

/** Lengths from 1 on of `parts` parts of `items` items. */
function segmentation(items: number, parts: number, random: Random): number[] {
  const begins = shuffle(Array.from({ length: items - 1 }, (_, i) => i < parts - 1), random);
  const lengths = [1];
  for (const begin of begins) {
    if (begin) lengths.push(1);
    else lengths[lengths.length - 1]!++;
  }
  return lengths;
}
