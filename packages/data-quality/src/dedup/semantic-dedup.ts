import { seededRandom } from '../mixing/seeded-random.ts';
import { kMeans } from './k-means.ts';
import { largestProducts } from './largest-products.ts';

export interface SemanticDedupOptions {
  /** Numbers in one embedding. */
  readonly dim: number;
  /** Default 100. */
  readonly clusters?: number;
  /** An item goes when its similarity to one before it is at least 1 − eps. Default 0.01. */
  readonly eps?: number;
  /** Which items of a cluster come first, and so stay: those far from its centroid, those near to it, or any. Default `hard`. */
  readonly keep?: 'hard' | 'easy' | 'random';
  /** Default 1. */
  readonly seed?: number;
}

export interface SemanticDuplicates {
  /** 1 for an item that goes. */
  readonly removed: Uint8Array;
  /** The largest cosine similarity of each item to one that comes before it in its cluster; 0 for the first. */
  readonly similarity: Float32Array;
  /** Number of that one, which may go itself; the item's own for the first. */
  readonly match: Int32Array;
  readonly cluster: Int32Array;
}

/** Rows of length 1, filled up with zeros to a multiple of four numbers. */
function unitRows(embeddings: Float32Array, { dim, stride }: { readonly dim: number; readonly stride: number }): Float32Array {
  const count = embeddings.length / dim;
  const out = new Float32Array(count * stride);
  for (let row = 0; row < count; row++) {
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += (embeddings[row * dim + i] as number) ** 2;
    if (!(sum > 0 && sum < Infinity)) throw new RangeError(`semanticDedup: expected finite embeddings that are not all zero but found embedding ${row} of squared length ${sum}. Leave that item out.`);
    const scale = 1 / Math.sqrt(sum);
    for (let i = 0; i < dim; i++) out[row * stride + i] = (embeddings[row * dim + i] as number) * scale;
  }
  return out;
}

/** 1 − cosine similarity of each row to the centroid of its cluster. */
function distancesToCentroids(rows: Float32Array, { centroids, labels, stride }: { readonly centroids: Float32Array; readonly labels: Int32Array; readonly stride: number }): Float64Array {
  return Float64Array.from(labels, (label, row) => {
    let product = 0;
    let squared = 0;
    for (let i = 0; i < stride; i++) {
      const c = centroids[label * stride + i] as number;
      product += c * (rows[row * stride + i] as number);
      squared += c * c;
    }
    return 1 - product / Math.sqrt(squared);
  });
}

function shuffle(items: number[], random: (bound: number) => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const other = random(i + 1);
    [items[i], items[other]] = [items[other] as number, items[i] as number];
  }
}

/**
 * Near duplicates in meaning, among the embeddings `[count, dim]` of documents, as SemDeDup and NeMo Curator find them: k-means of
 * the embeddings scaled to length 1; in each cluster items are put in order by their cosine distance to the centroid,
 * 1 − x · c / ‖c‖, largest first (`hard`, equal ones by falling number) or smallest first (`easy`, by rising number); an item
 * goes when max over the earlier ones y of x · y ≥ 1 − eps, whether y stays or not. Which clusters k-means finds depends on the
 * seed; equal items are always in one. Abbas and others 2023. https://arxiv.org/abs/2303.09540
 *
 * Takes 4 · count · dim bytes beside the embeddings, and time in proportion to the squares of the clusters' sizes.
 *
 * @throws RangeError where `embeddings` are no whole number of rows, are fewer than clusters, or one of them is zero or not finite.
 *
 * @example
 * ```ts
 * import { semanticDedup } from '@llm/data-quality';
 * const embeddings = new Float32Array([1, 0, 0, 1, 2, 0, 0, -1]);
 * const { removed, match } = semanticDedup(embeddings, { dim: 2, clusters: 1, keep: 'easy' });
 * console.assert(removed.join() === '0,0,1,0' && match[2] === 0);
 * ```
 */
export function semanticDedup(embeddings: Float32Array, { dim, clusters = 100, eps = 0.01, keep = 'hard', seed = 1 }: SemanticDedupOptions): SemanticDuplicates {
  if (!(Number.isInteger(dim) && dim >= 1 && embeddings.length % dim === 0)) throw new RangeError(`semanticDedup: expected rows of dim = ${dim} numbers but found ${embeddings.length} numbers. Pass the width of the embeddings.`);
  const count = embeddings.length / dim;
  if (!(Number.isInteger(clusters) && clusters >= 1 && clusters <= count)) throw new RangeError(`semanticDedup: expected from 1 to ${count} clusters, no more than embeddings, but found ${clusters}. Pass fewer clusters.`);
  if (!(eps >= 0)) throw new RangeError(`semanticDedup: expected eps of 0 or more but found ${eps}. Use 0.01.`);
  if (!['hard', 'easy', 'random'].includes(keep)) throw new RangeError(`semanticDedup: expected keep to be 'hard', 'easy' or 'random' but found ${JSON.stringify(keep)}. Use 'hard'.`);

  const stride = Math.ceil(dim / 4) * 4;
  const rows = unitRows(embeddings, { dim, stride });
  const { centroids, labels } = kMeans(rows, { stride, clusters, seed });
  const distances = distancesToCentroids(rows, { centroids, labels, stride });
  const members: number[][] = Array.from({ length: clusters }, () => []);
  labels.forEach((label, item) => void members[label]?.push(item));
  const random = seededRandom(seed);

  const removed = new Uint8Array(count);
  const similarity = new Float32Array(count);
  const match = new Int32Array(count);
  for (const items of members) {
    if (keep === 'random') shuffle(items, random);
    const sign = keep === 'hard' ? -1 : 1;
    if (keep !== 'random') items.sort((a, b) => sign * ((distances[a] as number) - (distances[b] as number) || a - b));
    const ranked = new Float32Array(items.length * stride);
    items.forEach((item, rank) => ranked.set(rows.subarray(item * stride, (item + 1) * stride), rank * stride));
    const { scores, indices } = largestProducts(ranked, ranked, { stride, earlier: true });
    items.forEach((item, rank) => {
      similarity[item] = rank === 0 ? 0 : (scores[rank] as number);
      match[item] = rank === 0 ? item : (items[indices[rank] as number] as number);
      removed[item] = (similarity[item] as number) >= 1 - eps ? 1 : 0;
    });
  }
  return { removed, similarity, match, cluster: labels };
}
