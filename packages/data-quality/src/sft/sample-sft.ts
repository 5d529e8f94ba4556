/**
 * Buckets of equal size by difficulty, easiest first, for a curriculum: for each value its bucket from 0 on, and -1 for a value
 * above 1, whose instruction does not help, or that is no number. Equal values may fall into neighbouring buckets.
 *
 * Throws RangeError for fewer than one bucket.
 *
 * @example
 * ```ts
 * import { difficultyBuckets } from '@llm/data-quality';
 * console.assert(difficultyBuckets([0.9, 0.2, 1.3, 0.5], { buckets: 3 }).join() === '2,0,-1,1');
 * ```
 */
export function difficultyBuckets(ifds: readonly number[], { buckets = 3 }: { readonly buckets?: number } = {}): number[] {
  if (!(Number.isInteger(buckets) && buckets >= 1)) throw new RangeError(`difficultyBuckets: expected at least one bucket but found ${buckets}. Use 3 for easy, medium and hard.`);
  const usable = ifds.flatMap((value, i) => (value <= 1 ? [[value, i] as const] : [])).sort(([a, i], [b, j]) => a - b || i - j);
  const out = new Array<number>(ifds.length).fill(-1);
  for (const [rank, [, i]] of usable.entries()) out[i] = Math.floor((rank * buckets) / usable.length);
  return out;
}

/**
 * A sample that covers a set (k-center, Gonzalez 1985; Sener and Savarese 2018): from the first row on, always the row that is
 * furthest from all that are taken, so that no row is more than twice as far from the sample as the best choice would have it.
 *
 * `embeddings` are rows of `size` numbers, compared by squared Euclidean distance: give unit vectors for cosine. Time is
 * rows · count · size. Throws RangeError for a length that is no multiple of `size`, or a count outside 0 to the number of rows.
 *
 * @example
 * ```ts
 * import { coveringSample } from '@llm/data-quality';
 * console.assert(coveringSample(Float32Array.of(0, 0, 0.1, 0, 5, 5, 0, 4), { size: 2, count: 3 }).join() === '0,2,3');
 * ```
 */
export function coveringSample(embeddings: Float32Array, { size, count }: { readonly size: number; readonly count: number }): number[] {
  const rows = embeddings.length / size;
  if (!(Number.isInteger(size) && size >= 1 && Number.isInteger(rows))) throw new RangeError(`coveringSample: expected rows of ${size} numbers but found ${embeddings.length} numbers. Give the length of one embedding as size.`);
  if (!(Number.isInteger(count) && count >= 0 && count <= rows)) throw new RangeError(`coveringSample: expected a count from 0 to ${rows} but found ${count}. Take no more than there are.`);
  const distances = new Float64Array(rows).fill(Infinity);
  const taken: number[] = [];
  for (let next = 0; taken.length < count; ) {
    taken.push(next);
    // What is taken is never the furthest again, though it may lie where another does.
    distances[next] = -1;
    let furthest = -1;
    for (let row = 0; row < rows; row++) {
      if ((distances[row] as number) < 0) continue;
      let distance = 0;
      for (let i = 0; i < size; i++) distance += ((embeddings[row * size + i] as number) - (embeddings[next * size + i] as number)) ** 2;
      if (distance < (distances[row] as number)) distances[row] = distance;
      if (furthest < 0 || (distances[row] as number) > (distances[furthest] as number)) furthest = row;
    }
    next = furthest;
  }
  return taken;
}
