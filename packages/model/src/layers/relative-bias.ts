import { embed, reshape, type Tensor, tensor, transpose } from '@llm/tensor';

export interface RelativeBuckets {
  /** How many buckets there are, and from which distance on all fall into the last one. */
  readonly buckets: number;
  readonly maxDistance: number;
  /** Keys before and after a query have buckets of their own; otherwise those after it share that of distance 0. */
  readonly bidirectional: boolean;
}

/**
 * The bucket of a key `distance` = key − query away: one for each small distance, then wider and wider ones.
 *
 *   n = buckets of one direction, m = n / 2, d = |distance|
 *   bucket = d < m ? d : min(n − 1, m + ⌊(n − m) · ln(d / m) / ln(maxDistance / m)⌋)
 *
 * The logarithm is rounded to float32 as PyTorch and TensorFlow do, since it decides on which side of a boundary a distance falls.
 * Raffel et al. 2019, https://arxiv.org/abs/1910.10683
 */
export function relativeBucket(distance: number, { buckets, maxDistance, bidirectional }: RelativeBuckets): number {
  const count = bidirectional ? Math.floor(buckets / 2) : buckets;
  const side = bidirectional && distance > 0 ? count : 0;
  const d = bidirectional ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(count / 2);
  if (d < exact) return side + d;
  const f = Math.fround;
  const wide = f(f(f(Math.log(f(d / exact))) / f(Math.log(maxDistance / exact))) * f(count - exact));
  return side + Math.min(count - 1, exact + Math.trunc(wide));
}

/**
 * The relative position bias of T5, added to the scores of attention.
 *
 *   bias[h, i, j] = table[bucket(j − (i + offset)), h]
 *
 * table [buckets, heads] → [1, heads, queries, keys]; `offset` is the position of the first query among the keys.
 */
export function relativeBias(table: Tensor, { queries, keys, offset = 0, ...rule }: RelativeBuckets & { readonly queries: number; readonly keys: number; readonly offset?: number }): Tensor {
  const heads = table.shape[1]!;
  const byDistance = Int32Array.from({ length: queries + keys }, (_, i) => relativeBucket(i - (queries - 1) - offset, rule));
  const ids = Int32Array.from({ length: queries * keys }, (_, at) => byDistance[(at % keys) - Math.floor(at / keys) + queries - 1]!);
  const rows = embed(tensor(ids, [queries, keys], 'int32'), table);
  return reshape(transpose(rows, [2, 0, 1]), [1, heads, queries, keys]);
}
