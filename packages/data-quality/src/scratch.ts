/** Entries above which an array is given back once a smaller one does. */
const KEEP = 1 << 20;

/**
 * An array of at least so many whole numbers that is the same at every call, as far as it is long enough: making a new one for
 * each document would cost more than filling it. What it holds is what was left there.
 */
export function createScratch(): (entries: number) => Int32Array {
  let array = new Int32Array(1024);
  return (entries) => {
    if (array.length < entries || (array.length > KEEP && entries <= KEEP)) array = new Int32Array(Math.max(1024, 2 ** Math.ceil(Math.log2(entries))));
    return array;
  };
}
