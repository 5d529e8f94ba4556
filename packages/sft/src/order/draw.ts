import { mix, permutation } from './shuffled.ts';

/**
 * `count` numbers below `size`, as the draws `from` to `from + count` of going through them in one shuffle after the other: none comes
 * again before all have come.
 */
export function draw(size: number, { from, count, seed }: { readonly from: number; readonly count: number; readonly seed: number }): Int32Array {
  const found = new Int32Array(count);
  let pass = -1;
  let order: Int32Array = new Int32Array();
  for (let i = 0; i < count; i++) {
    const at = from + i;
    if (Math.floor(at / size) !== pass) {
      pass = Math.floor(at / size);
      order = permutation(size, { seed: mix(seed ^ 0x5f356495), epoch: pass });
    }
    found[i] = order[at % size]!;
  }
  return found;
}
