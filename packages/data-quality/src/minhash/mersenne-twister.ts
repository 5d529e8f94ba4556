const WORDS = 624;
const SHIFT = 397;

/**
 * The 32-bit numbers of MT19937 from a 32-bit seed, which NumPy's RandomState draws from.
 * Matsumoto and Nishimura 1998. https://doi.org/10.1145/272991.272995
 */
export function mersenneTwister(seed: number): () => number {
  const state = new Int32Array(WORDS);
  state[0] = seed;
  for (let i = 1; i < WORDS; i++) {
    const last = state[i - 1] as number;
    state[i] = Math.imul(1812433253, last ^ (last >>> 30)) + i;
  }
  let next = WORDS;
  return () => {
    if (next === WORDS) {
      for (let i = 0; i < WORDS; i++) {
        const joined = ((state[i] as number) & 0x80000000) | ((state[(i + 1) % WORDS] as number) & 0x7fffffff);
        state[i] = (state[(i + SHIFT) % WORDS] as number) ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
      }
      next = 0;
    }
    let x = state[next++] as number;
    x ^= x >>> 11;
    x ^= (x << 7) & 0x9d2c5680;
    x ^= (x << 15) & 0xefc60000;
    return (x ^ (x >>> 18)) >>> 0;
  };
}
