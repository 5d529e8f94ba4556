/** Whole numbers 0 … 2³² − 1 from a seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  };
}

/** A sum of four uniform numbers, nearly normal, with a deviation of 0.577. */
export function bell(next) {
  return (next() + next() + next() + next()) / 2 ** 32 - 2;
}
