import { type Order, permutation } from './shuffled.ts';

/** The numbers of the examples from the easiest to the hardest; equals stay as they were. */
function easiestFirst(difficulty: ArrayLike<number>): Int32Array {
  const bad = Array.from(difficulty).findIndex((value) => Number.isNaN(value));
  if (bad >= 0) throw new RangeError(`curriculum: expected a difficulty for every row but found NaN for row ${bad}.`);
  return Int32Array.from({ length: difficulty.length }, (_, i) => i).sort((a, b) => difficulty[a]! - difficulty[b]! || a - b);
}

/**
 * Every row once an epoch, from the easiest to the hardest, by a difficulty for each row: its length, its perplexity, its IFD.
 *
 * Bengio et al. 2009, https://doi.org/10.1145/1553374.1553380
 *
 * @example
 * ```ts
 * import { easyFirst } from '@llm/sft';
 * if (Array.from(easyFirst([5, 1, 3])(0)).join() !== '1,2,0') throw new Error('from 1 to 5');
 * ```
 */
export function easyFirst(difficulty: ArrayLike<number>): Order {
  const order = easiestFirst(difficulty);
  return () => order;
}

export interface AnnealedOptions {
  readonly seed: number;
  /** After this many epochs the order is a plain shuffle. */
  readonly epochs: number;
}

/**
 * Every row once an epoch, in an order that goes over from easiest first to a plain shuffle: epoch e sorts rows by
 *
 *   (1 − a) · rank / count + a · place in a shuffle / count,  a = min(1, e / (epochs − 1))
 *
 * so that no epoch after the first is the same sequence, and none shows only one kind of example for long.
 */
export function annealed(difficulty: ArrayLike<number>, { seed, epochs }: AnnealedOptions): Order {
  const easy = easiestFirst(difficulty);
  return (epoch) => {
    const share = epochs <= 1 ? Number(epoch > 0) : Math.min(1, epoch / (epochs - 1));
    const shuffle = permutation(easy.length, { seed, epoch });
    const key = new Float64Array(easy.length);
    easy.forEach((row, rank) => { key[row] = (1 - share) * rank; });
    shuffle.forEach((row, place) => { key[row]! += share * place; });
    return Int32Array.from(easy).sort((a, b) => key[a]! - key[b]! || a - b);
  };
}
