const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** The upper 32 bits of a · b, both unsigned. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + Math.floor(middle / 65536) + (carry / 65536 >>> 0);
}

/** Four 32-bit words. */
export type Words = readonly [number, number, number, number];

/**
 * Philox 4×32 with 10 rounds: a bijection of the counter, chosen by the key, that looks random.
 *
 * Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405
 */
export function philoxBlock(counter: Words, key: readonly [number, number]): Words {
  let [a, b, c, d] = counter;
  let [low, high] = key;
  for (let round = 0; round < 10; round++) {
    const next = multiplyHigh(MULTIPLIER_1, c) ^ b ^ low;
    b = Math.imul(MULTIPLIER_1, c) >>> 0;
    const other = multiplyHigh(MULTIPLIER_0, a) ^ d ^ high;
    d = Math.imul(MULTIPLIER_0, a) >>> 0;
    a = next >>> 0;
    c = other >>> 0;
    low = (low + WEYL_0) >>> 0;
    high = (high + WEYL_1) >>> 0;
  }
  return [a, b, c, d];
}

/** A whole number below 2⁵³ as its lower and upper 32 bits. */
export function halves(value: number): [number, number] {
  return [value % 2 ** 32 >>> 0, Math.floor(value / 2 ** 32)];
}

/** Random numbers one after the other; each is a function of seed, stream and how many came before. */
export interface Philox {
  /** 32 random bits. */
  word(): number;
  /** Uniform in [0, 1), one of 2²⁴ values, exact in 32-bit floats. */
  uniform(): number;
  /** Standard normal by Box and Muller; the last bit depends on the engine's `Math.log`, `sin` and `cos`. */
  normal(): number;
}

/**
 * A stream of random numbers by counter: streams of one seed are independent, and any of them starts at once.
 *
 * `seed` is a whole number in [0, 2⁵³), `stream` one of 32 bits. RangeError otherwise.
 *
 * @example
 * ```ts
 * import { philox } from '@llm/kernels';
 * const random = philox(42);
 * if (random.uniform() !== philox(42).uniform()) throw new Error('the same seed gives the same numbers');
 * ```
 */
export function philox(seed: number, stream: number = 0): Philox {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`philox: expected seed to be a whole number in [0, 2^53) but found ${seed}.`);
  if (!Number.isInteger(stream) || stream < 0 || stream >= 2 ** 32) throw new RangeError(`philox: expected stream to be a whole number in [0, 2^32) but found ${stream}.`);
  const key = halves(seed);
  let index = 0;
  let block: Words = [0, 0, 0, 0];
  let used = 4;
  let spare: number | undefined;
  const word = (): number => {
    if (used === 4) {
      const [low, high] = halves(index++);
      // The last word keeps these streams apart from the masks of dropout.
      block = philoxBlock([low, high, stream, 1], key);
      used = 0;
    }
    return block[used++]!;
  };
  return {
    word,
    uniform: () => (word() >>> 8) / 2 ** 24,
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // In (0, 1), so that the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log((word() + 0.5) / 2 ** 32));
      const angle = (2 * Math.PI * (word() + 0.5)) / 2 ** 32;
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}
