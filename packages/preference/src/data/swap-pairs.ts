/** A number in [0, 1) for each seed and place (the finalizer of MurmurHash3, twice). */
function chance(seed: number, place: number): number {
  let h = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca77);
  for (let round = 0; round < 2; round++) {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return (h >>> 0) / 2 ** 32;
}

interface Pair {
  readonly chosen: unknown;
  readonly rejected: unknown;
  readonly rejectedPrompt?: unknown;
  readonly prompt?: unknown;
  readonly reference?: { readonly chosen: number; readonly rejected: number };
}

/**
 * The pairs with chosen and rejected exchanged in a random share of them, and which these are: wrong labels on purpose, to see what a loss with
 * `labelSmoothing` makes of them, or to balance which answer a judge is shown first. With `fraction` 1, all of them.
 *
 * @example
 * ```ts
 * import { swapPairs } from '@llm/preference';
 * const { examples, swapped } = swapPairs([{ chosen: 'good', rejected: 'bad' }], { fraction: 1, seed: 0 });
 * if (examples[0]!.chosen !== 'bad' || swapped.join() !== '0') throw new Error('exchanged');
 * ```
 */
export function swapPairs<P extends Pair>(pairs: readonly P[], { fraction, seed }: { readonly fraction: number; readonly seed: number }): { readonly examples: P[]; readonly swapped: number[] } {
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`swapPairs: expected a fraction from 0 to 1 but found ${fraction}`);
  const swapped: number[] = [];
  const examples = pairs.map((pair, i) => {
    if (!(chance(seed, i) < fraction)) return pair;
    swapped.push(i);
    const { chosen, rejected, prompt, rejectedPrompt, reference } = pair;
    return {
      ...pair, chosen: rejected, rejected: chosen,
      ...(reference === undefined ? {} : { reference: { chosen: reference.rejected, rejected: reference.chosen } }),
      ...(rejectedPrompt === undefined ? {} : { prompt: rejectedPrompt, rejectedPrompt: prompt }),
    };
  });
  return { examples, swapped };
}
