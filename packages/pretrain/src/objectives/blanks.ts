import { below, type Random, shuffle } from '../row-random.ts';
import type { Span } from './noise-spans.ts';

/** The tokens of a row, and the stretches of them that blanks may lie in: within one document, without special tokens. */
export interface BlankText {
  readonly ids: Int32Array;
  readonly stretches: readonly Span[];
}

/** One way to choose what is left out of a text. */
export interface Blanks {
  /** The token that stands for what is left out. */
  readonly maskId: number;
  spans(text: BlankText, random: Random): Span[];
}

/** A span is at most this long, as in GLM's own data. */
const LONGEST = 39;

/** Lengths from 1 to 39, as likely as Poisson has them. */
function poissonLengths(mean: number): (random: Random) => number {
  const sums: number[] = [];
  let weight = Math.exp(-mean);
  for (let length = 1; length <= LONGEST; length++) {
    weight *= mean / length;
    sums.push((sums.at(-1) ?? 0) + weight);
  }
  return (random) => {
    const at = random() * sums.at(-1)!;
    const found = sums.findIndex((sum) => at < sum);
    return found < 0 ? LONGEST : found + 1;
  };
}

/**
 * Short spans, until they hold `rate` of the tokens: lengths by Poisson, places uniform, no two next to each other.
 *
 * A stretch gets its own share, the longest one what is left. Draws a number for each length and then for each place.
 *
 * Du et al. 2021, https://arxiv.org/abs/2103.10360, section 2.1
 */
export function shortBlanks({ maskId, rate = 0.15, meanLength = 3 }: { readonly maskId: number; readonly rate?: number; readonly meanLength?: number }): Blanks {
  const draw = poissonLengths(meanLength);
  return {
    maskId,
    spans({ ids, stretches }, random) {
      const lengths: number[] = [];
      for (let sum = 0; sum < Math.floor(rate * ids.length);) {
        const length = draw(random);
        lengths.push(length);
        sum += length;
      }
      let next = 0;
      const byLength = stretches.toSorted((a, b) => a.count - b.count);
      return byLength.flatMap(({ from, count }, i) => {
        const last = i === byLength.length - 1;
        const most = last ? count : Math.floor(count * rate);
        const taken: number[] = [];
        // Between two spans of the longest stretch a token stays.
        for (let sum = 0; next < lengths.length && sum + lengths[next]! + (last ? taken.length : 0) <= most; next++) {
          taken.push(lengths[next]!);
          sum += lengths[next]!;
        }
        return placed(taken, { from, count, random });
      });
    },
  };
}

/** Spans of the given lengths in a stretch, in turn, at least one token apart. */
function placed(lengths: readonly number[], { from, count, random }: Span & { readonly random: Random }): Span[] {
  const free = count - lengths.reduce((sum, length) => sum + length, 0) - lengths.length + 1;
  const places = lengths.map(() => below(free + 1, random)).sort((a, b) => a - b);
  let before = from;
  return lengths.map((length, i) => {
    const span = { from: before + places[i]!, count: length };
    before += length + 1;
    return span;
  });
}

/**
 * Whole sentences, in random order until they hold `rate` of the tokens; what follows the last end of a sentence is none. Draws a number
 * for each sentence but the first.
 */
export function sentenceBlanks({ maskId, endsSentence, rate = 0.15 }: {
  readonly maskId: number; readonly endsSentence: (id: number) => boolean; readonly rate?: number;
}): Blanks {
  return {
    maskId,
    spans({ ids, stretches }, random) {
      const sentences = stretches.flatMap(({ from, count }) => {
        const found: Span[] = [];
        let begin = from;
        for (let i = from; i < from + count; i++) {
          if (!endsSentence(ids[i]!)) continue;
          found.push({ from: begin, count: i + 1 - begin });
          begin = i + 1;
        }
        return found;
      });
      const chosen: Span[] = [];
      let sum = 0;
      for (const sentence of shuffle(sentences, random)) {
        chosen.push(sentence);
        sum += sentence.count;
        if (sum >= Math.floor(rate * ids.length)) break;
      }
      return chosen;
    },
  };
}

/**
 * One long span in each stretch, from half of it to all, as likely at its end as anywhere. Draws three numbers for each stretch: for
 * the length, for whether it is at the end, and for the place.
 */
export function documentBlank({ maskId, leastShare = 0.5 }: { readonly maskId: number; readonly leastShare?: number }): Blanks {
  return {
    maskId,
    spans: ({ stretches }, random) => stretches.map(({ from, count }) => {
      const least = Math.max(1, Math.floor(leastShare * count));
      const length = least + below(count - least + 1, random);
      const [atEnd, place] = [random() < 0.5, below(count - length + 1, random)];
      return { from: from + (atEnd ? count - length : place), count: length };
    }),
  };
}
