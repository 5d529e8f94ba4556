import { mersenneTwister } from './mersenne-twister.ts';

/** h(x) = ((a·x + b) mod 2⁶⁴) mod p with p = 2⁶¹ − 1, for `count` pairs a, b; each number in two halves of 32 bits. */
export interface Permutations {
  readonly count: number;
  readonly aLow: Int32Array;
  readonly aHigh: Int32Array;
  readonly bLow: Int32Array;
  readonly bHigh: Int32Array;
}

/** Upper half of p. The lower one is all ones. */
const P_HIGH = 0x1fffffff;
const TWO_32 = 2 ** 32;

/** The pairs that `RandomState(seed).randint` of NumPy gives: all a from [1, p), then all b from [0, p), both by masked rejection. */
export function createPermutations(count: number, seed: number): Permutations {
  const next = mersenneTwister(seed);
  const draw = (low: Int32Array, high: Int32Array, from: number): void => {
    // Drawn from [0, p - 1 - from] and then moved up by from; only 2⁶¹ − 1 and what is above that is drawn again.
    const lastLow = TWO_32 - 2 - from;
    for (let i = 0; i < count; ) {
      const upper = next() & P_HIGH;
      const lower = next();
      if (upper === P_HIGH && lower > lastLow) continue;
      low[i] = lower + from;
      high[i] = upper + (lower + from === TWO_32 ? 1 : 0);
      i++;
    }
  };
  const [aLow, aHigh, bLow, bHigh] = [new Int32Array(count), new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  draw(aLow, aHigh, 1);
  draw(bLow, bHigh, 0);
  return { count, aLow, aHigh, bLow, bHigh };
}

/** `[a low, a high, b low, b high]` of each pair, which are the bytes of two numbers of 64 bits. */
export function interleaved({ count, aLow, aHigh, bLow, bHigh }: Permutations): Int32Array {
  const out = new Int32Array(4 * count);
  for (let k = 0; k < count; k++) out.set([aLow[k] as number, aHigh[k] as number, bLow[k] as number, bHigh[k] as number], 4 * k);
  return out;
}

/** Numbers of 64 bits in two halves: `low[0 … count)`, `high[0 … count)`. */
export interface Hashes {
  low: Int32Array;
  high: Int32Array;
  count: number;
}

/** The smallest h(x) of each permutation over all hashes, `[low, high, low, high …]`: the bytes are those of NumPy's uint64. */
export function smallest64({ count, aLow, aHigh, bLow, bHigh }: Permutations, { low, high, count: hashes }: Hashes): Uint32Array {
  const out = new Uint32Array(2 * count);
  for (let k = 0; k < count; k++) {
    const al = aLow[k] as number, ah = aHigh[k] as number, bl = bLow[k] as number, bh = bHigh[k] as number;
    const a0 = al & 0xffff, a1 = al >>> 16, blUnsigned = bl >>> 0;
    let minHigh = P_HIGH + 1;
    let minLow = 0;
    for (let i = 0; i < hashes; i++) {
      const xl = low[i] as number;
      const x0 = xl & 0xffff, x1 = xl >>> 16;
      const cross = Math.imul(x1, a0), other = Math.imul(x0, a1);
      const rest = Math.imul(x1, a1) + Math.imul(xl, ah) + Math.imul(high[i] as number, al) + bh;
      // At most 3 below the upper half, for the carries are left out: enough to pass over almost all.
      const bound = (rest + (cross >>> 16) + (other >>> 16)) & P_HIGH;
      if (bound > minHigh && bound < P_HIGH - 3) continue;
      // Four products of 16 bits; no sum goes over 2³², so 32-bit arithmetic is exact.
      const m1 = (cross + (Math.imul(x0, a0) >>> 16)) | 0;
      const m2 = (other + (m1 & 0xffff)) | 0;
      const sumLow = (Math.imul(xl, al) + bl) | 0;
      const carry = sumLow >>> 0 < blUnsigned ? 1 : 0;
      const sumHigh = (rest + (m1 >>> 16) + (m2 >>> 16) + carry) | 0;
      // 2⁶¹ = 1 modulo p, so the three bits above are added below.
      let h = sumHigh & P_HIGH;
      let l = (sumLow >>> 0) + (sumHigh >>> 29);
      if (l >= TWO_32) {
        l -= TWO_32;
        h++;
      }
      if (h > P_HIGH) {
        h = 0;
        l++;
      } else if (h === P_HIGH && l === TWO_32 - 1) {
        h = 0;
        l = 0;
      }
      if (h < minHigh || (h === minHigh && l < minLow)) {
        minHigh = h;
        minLow = l;
      }
    }
    out[2 * k] = minLow;
    out[2 * k + 1] = minHigh;
  }
  return out;
}

/** Low 32 bits of h(x) for one permutation and one hash of 32 bits. */
export function permuted32({ aLow, aHigh, bLow, bHigh }: Permutations, k: number, x: number): number {
  const al = aLow[k] as number, bl = bLow[k] as number;
  const x0 = x & 0xffff, x1 = x >>> 16, a0 = al & 0xffff, a1 = al >>> 16;
  const m1 = (Math.imul(x1, a0) + (Math.imul(x0, a0) >>> 16)) | 0;
  const m2 = (Math.imul(x0, a1) + (m1 & 0xffff)) | 0;
  const sumLow = (Math.imul(x, al) + bl) | 0;
  const carry = sumLow >>> 0 < bl >>> 0 ? 1 : 0;
  const sumHigh = (Math.imul(x1, a1) + (m1 >>> 16) + (m2 >>> 16) + Math.imul(x, aHigh[k] as number) + (bHigh[k] as number) + carry) | 0;
  const l = (sumLow >>> 0) + (sumHigh >>> 29);
  const h = (sumHigh & P_HIGH) + (l >= TWO_32 ? 1 : 0);
  // Taking p away is the same as adding 1 as far as the low 32 bits go.
  return (l + (h > P_HIGH || (h === P_HIGH && l === TWO_32 - 1) ? 1 : 0)) >>> 0;
}

/** `smallest64` for hashes of 32 bits, of whose values the reference takes the low 32 bits before it looks for the smallest. */
export function smallest32(permutations: Permutations, { low, count }: Hashes): Uint32Array {
  const out = new Uint32Array(permutations.count).fill(TWO_32 - 1);
  for (let k = 0; k < permutations.count; k++) {
    for (let i = 0; i < count; i++) {
      const value = permuted32(permutations, k, low[i] as number);
      if (value < (out[k] as number)) out[k] = value;
    }
  }
  return out;
}
