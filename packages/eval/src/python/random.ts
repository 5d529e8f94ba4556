/** The draws of Python's `random.Random(seed)`. */
export interface PythonRandom {
  /** A number in [0, 1) of 53 bits. */
  random(): number;
  /** So many different items, in the order they are drawn; RangeError for more than there are. */
  sample<T>(items: readonly T[], count: number): T[];
  /** So many items with repetition: their indices, below `length`. */
  choices(length: number, into: Uint32Array): Uint32Array;
}

const SIZE = 624;
const SHIFT = 397;

/**
 * Python's `random.Random(seed)`, so that examples of few-shot prompts and resamples are those that lm-evaluation-harness draws: the
 * Mersenne Twister MT19937, seeded by an array of one word, with CPython's ways to draw from it.
 *
 * @throws RangeError for a seed that is no whole number below 2³².
 *
 * @example
 * ```ts
 * import { pythonRandom } from '@llm/eval';
 * const { sample } = pythonRandom(1234);
 * // >>> random.Random(1234).sample(range(10), 3)
 * if (sample([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 3).join() !== '7,1,0') throw new Error('the draws of Python');
 * ```
 *
 * Matsumoto & Nishimura 1998, https://doi.org/10.1145/272991.272995
 */
export function pythonRandom(seed: number): PythonRandom {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) throw new RangeError(`pythonRandom: expected a seed from 0 to 2³² − 1 but found ${seed}. Use a whole number.`);
  const state = seeded(seed);
  let at = SIZE;

  function word(): number {
    if (at === SIZE) {
      turn(state);
      at = 0;
    }
    let y = state[at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A whole number below `n`, by drawing as many bits as n has until one is. */
  function below(n: number): number {
    const shift = Math.clz32(n);
    let drawn = word() >>> shift;
    while (drawn >= n) drawn = word() >>> shift;
    return drawn;
  }

  const random = (): number => ((word() >>> 5) * 67_108_864 + (word() >>> 6)) / 9_007_199_254_740_992;

  return {
    random,
    sample<T>(items: readonly T[], count: number): T[] {
      const { length } = items;
      if (!Number.isInteger(count) || count < 0 || count > length) throw new RangeError(`sample: expected at most ${length} items to be asked for, as many as there are, but found ${count}. Ask for fewer.`);
      // CPython keeps a pool where that takes less memory than a set of what was taken.
      const pooled = length <= 21 + (count > 5 ? 4 ** Math.ceil(logOf(count * 3, 4)) : 0);
      if (!pooled) {
        const taken = new Set<number>();
        while (taken.size < count) taken.add(below(length));
        return [...taken].map((i) => items[i]!);
      }
      const pool = [...items];
      return Array.from({ length: count }, (_, i) => {
        const drawn = below(length - i);
        const item = pool[drawn]!;
        pool[drawn] = pool[length - i - 1]!;
        return item;
      });
    },
    choices(length, into) {
      for (let i = 0; i < into.length; i++) into[i] = Math.floor(random() * length);
      return into;
    },
  };
}

/** As `math.log(x, base)` rounds. */
const logOf = (x: number, base: number): number => Math.log(x) / Math.log(base);

/** The state after `init_by_array([seed])`. */
function seeded(seed: number): Uint32Array {
  const state = new Uint32Array(SIZE);
  state[0] = 19_650_218;
  const mixed = (i: number): number => state[i - 1]! ^ (state[i - 1]! >>> 30);
  for (let i = 1; i < SIZE; i++) state[i] = Math.imul(1_812_433_253, mixed(i)) + i;
  let i = 1;
  const next = (): void => {
    if (++i < SIZE) return;
    state[0] = state[SIZE - 1]!;
    i = 1;
  };
  for (let k = 0; k < SIZE; k++) {
    state[i] = (state[i]! ^ Math.imul(mixed(i), 1_664_525)) + seed;
    next();
  }
  for (let k = 0; k < SIZE - 1; k++) {
    state[i] = (state[i]! ^ Math.imul(mixed(i), 1_566_083_941)) - i;
    next();
  }
  state[0] = 0x8000_0000;
  return state;
}

function turn(state: Uint32Array): void {
  for (let i = 0; i < SIZE; i++) {
    const y = (state[i]! & 0x8000_0000) | (state[(i + 1) % SIZE]! & 0x7fff_ffff);
    state[i] = state[(i + SHIFT) % SIZE]! ^ (y >>> 1) ^ (y & 1 ? 0x9908_b0df : 0);
  }
}
