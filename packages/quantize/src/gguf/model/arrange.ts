import type { Placement } from './architecture.ts';

/** Where row `row` of [heads, 2, half] goes in [heads, half, 2]. */
function interleaved(row: number, half: number): number {
  const within = row % (2 * half);
  return row - within + 2 * (within % half) + Math.floor(within / half);
}

/** The order of rows in the file: row `i` of the file is row `order[i]` of the parameter, or undefined where they are the same. */
export function rowOrder({ heads }: Placement, rows: number): Uint32Array | undefined {
  if (heads === undefined) return undefined;
  const half = rows / heads / 2;
  const order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[interleaved(row, half)] = row;
  return order;
}

/** [first, second] → [second, first]. */
export function turned(values: Float32Array, first: number, second: number): Float32Array {
  const found = new Float32Array(values.length);
  // In squares that stay in the cache.
  for (let i0 = 0; i0 < first; i0 += 32) {
    for (let j0 = 0; j0 < second; j0 += 32) {
      for (let i = i0; i < Math.min(i0 + 32, first); i++) for (let j = j0; j < Math.min(j0 + 32, second); j++) found[j * first + i] = values[i * second + j]!;
    }
  }
  return found;
}

/** The values of a parameter in the order of the file, and their shape there. */
export function arrange(values: Float32Array, shape: readonly number[], placement: Placement): { values: Float32Array; shape: number[] } {
  const [first = 1, second = 1] = shape;
  if (placement.transposed === true) return { values: turned(values, first, second), shape: [second, first] };
  const order = rowOrder(placement, first);
  if (order === undefined) return { values, shape: [...shape] };
  return { values: gathered(values, order), shape: [...shape] };
}

/** Rows of equal length in another order: row `i` is row `order[i]` of what is given. */
export function gathered<T extends Float32Array | Uint8Array | Int8Array>(values: T, order: Uint32Array): T {
  const width = values.length / order.length;
  const found = values.slice() as T;
  for (let i = 0; i < order.length; i++) found.set(values.subarray(order[i]! * width, (order[i]! + 1) * width) as never, i * width);
  return found;
}

/** The order that undoes `order`. */
export function inverseOrder(order: Uint32Array): Uint32Array {
  const found = new Uint32Array(order.length);
  order.forEach((from, to) => { found[from] = to; });
  return found;
}
