import { seededRandom } from '../mixing/seeded-random.ts';
import { largestProducts } from './largest-products.ts';

export interface KMeansOptions {
  /** Numbers in a row: a multiple of 4. */
  readonly stride: number;
  readonly clusters: number;
  readonly seed: number;
}

export interface KMeans {
  /** One row for each cluster. */
  readonly centroids: Float32Array;
  /** The nearest centroid of each row. */
  readonly labels: Int32Array;
}

/** Rows for each cluster that centroids are fitted to, and those that the first ones are drawn from. */
const FIT_ROWS = 256;
const SEED_ROWS = 32;
const MOST_ITERATIONS = 300;
/** Done when the centroids' moves, squared, come to less than this in all. */
const TOLERANCE = 1e-4;

/** `count` of the rows, drawn without putting back; all of them, in order, where there are no more. */
function sample(rows: Float32Array, { stride, count, random }: { readonly stride: number; readonly count: number; readonly random: (bound: number) => number }): Float32Array {
  const total = rows.length / stride;
  if (total <= count) return rows;
  const order = Uint32Array.from({ length: total }, (_, i) => i);
  const out = new Float32Array(count * stride);
  for (let i = 0; i < count; i++) {
    const other = i + random(total - i);
    const row = order[other] as number;
    order[other] = order[i] as number;
    out.set(rows.subarray(row * stride, (row + 1) * stride), i * stride);
  }
  return out;
}

interface Chosen {
  readonly row: number;
  /** Of each row to the nearest one chosen so far, squared. */
  readonly distances: Float64Array;
  readonly sum: number;
}

/** What choosing `row` as well comes to. */
function choose(rows: Float32Array, row: number, { stride, known }: { readonly stride: number; readonly known: Float64Array }): Chosen {
  const distances = new Float64Array(known.length);
  let sum = 0;
  for (let r = 0; r < known.length; r++) {
    let distance = 0;
    for (let i = 0; i < stride; i++) distance += ((rows[r * stride + i] as number) - (rows[row * stride + i] as number)) ** 2;
    sum += distances[r] = Math.min(known[r] as number, distance);
  }
  return { row, distances, sum };
}

/**
 * Greedy k-means++: each further one is the best of 2 + ln k, each drawn with odds proportional to its squared distance to the
 * nearest so far. Arthur and Vassilvitskii 2007. https://dl.acm.org/doi/10.5555/1283383.1283494
 */
function firstCentroids(rows: Float32Array, { stride, clusters, random }: { readonly stride: number; readonly clusters: number; readonly random: (bound: number) => number }): Float32Array {
  const count = rows.length / stride;
  const centroids = new Float32Array(clusters * stride);
  const draw = (distances: Float64Array, sum: number): number => {
    // 2³² steps are as fine as the generator gets.
    let left = (random(2 ** 32) / 2 ** 32) * sum;
    let row = 0;
    while (row < count - 1 && (left -= distances[row] as number) >= 0) row++;
    return row;
  };
  let chosen = choose(rows, random(count), { stride, known: new Float64Array(count).fill(Infinity) });
  for (let cluster = 0; cluster < clusters; cluster++) {
    if (cluster > 0) {
      const { distances, sum } = chosen;
      const tries = Array.from({ length: 2 + Math.floor(Math.log(clusters)) }, () => choose(rows, draw(distances, sum), { stride, known: distances }));
      chosen = tries.reduce((a, b) => (b.sum < a.sum ? b : a));
    }
    centroids.set(rows.subarray(chosen.row * stride, (chosen.row + 1) * stride), cluster * stride);
  }
  return centroids;
}

/** argmin ‖x − c‖² = argmax x · c − ‖c‖² / 2. */
function nearest(rows: Float32Array, centroids: Float32Array, stride: number): Int32Array {
  const biases = Float32Array.from({ length: centroids.length / stride }, (_, c) => {
    let sum = 0;
    for (let i = 0; i < stride; i++) sum += (centroids[c * stride + i] as number) ** 2;
    return -sum / 2;
  });
  return largestProducts(rows, centroids, { stride, biases }).indices;
}

/**
 * Clusters of rows by squared distance, Lloyd's way: means of the rows that are nearest to them, until they hardly move or 300 times.
 * They are fitted to a sample of 256 rows for each cluster where there are more. A cluster without rows keeps its centroid.
 * Lloyd 1982. https://doi.org/10.1109/TIT.1982.1056489
 */
export function kMeans(rows: Float32Array, { stride, clusters, seed }: KMeansOptions): KMeans {
  const random = seededRandom(seed);
  const fitted = sample(rows, { stride, count: FIT_ROWS * clusters, random });
  const centroids = firstCentroids(sample(fitted, { stride, count: SEED_ROWS * clusters, random }), { stride, clusters, random });
  const sums = new Float64Array(clusters * stride);
  const counts = new Float64Array(clusters);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    sums.fill(0);
    counts.fill(0);
    for (const [r, label] of nearest(fitted, centroids, stride).entries()) {
      counts[label] = (counts[label] as number) + 1;
      for (let i = 0; i < stride; i++) sums[label * stride + i] = (sums[label * stride + i] as number) + (fitted[r * stride + i] as number);
    }
    let moved = 0;
    for (let at = 0; at < centroids.length; at++) {
      const members = counts[Math.floor(at / stride)] as number;
      if (members === 0) continue;
      const mean = (sums[at] as number) / members;
      moved += (mean - (centroids[at] as number)) ** 2;
      centroids[at] = mean;
    }
    if (moved < TOLERANCE) break;
  }
  return { centroids, labels: nearest(rows, centroids, stride) };
}
