import { abs, cast, minimum, mul, reshape, sub, type Tensor } from '@llm/tensor';

/** Far below any score, and far from the end of float32: a row that sees nothing takes the mean of what is hidden, and stays finite. */
const HIDDEN = -1e30;

/**
 * A bias for attention between two texts: 0 where a query and a key have the same number, far below all scores elsewhere.
 *
 * queries int32 [batch, queries], keys int32 [batch, keys] → [batch, 1, queries, keys].
 */
export function segmentBias(queries: Tensor, keys: Tensor): Tensor {
  const [batch = 0, rows = 0] = queries.shape;
  const apart = sub(cast(reshape(queries, [batch, 1, rows, 1]), 'float32'), cast(reshape(keys, [batch, 1, 1, keys.shape[1]!]), 'float32'));
  return mul(minimum(abs(apart), 1), HIDDEN);
}
