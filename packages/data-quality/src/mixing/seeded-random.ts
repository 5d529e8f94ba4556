/** A number below 2³² whose bits all depend on those of the given one. */
export function scrambled(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** Whole numbers below `bound`, drawn from a seeded generator: a counter stepped by the golden ratio, its bits mixed twice. */
export function seededRandom(seed: number): (bound: number) => number {
  let state = seed | 0;
  return (bound) => {
    state = (state + 0x9e3779b9) | 0;
    return Math.floor((scrambled(state) / 2 ** 32) * bound);
  };
}
