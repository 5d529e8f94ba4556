import type { Sizes } from '../kernel.ts';

interface Forward { readonly table: Float64Array; readonly ids: Float64Array; readonly y: Float64Array }

/** y[i] = table[ids[i]], NaN where the table has no such row. */
export function embeddingReference({ table, ids, y }: Forward, { vocab = 0, width = 0, count = 0 }: Sizes): void {
  for (let i = 0; i < count; i++) {
    const id = ids[i]!;
    for (let c = 0; c < width; c++) y[i * width + c] = id >= 0 && id < vocab ? table[id * width + c]! : NaN;
  }
}

interface Backward { readonly dy: Float64Array; readonly ids: Float64Array; readonly dtable: Float64Array }

/** dtable[id] = Σ dy[i] over the positions i with that id. */
export function embeddingBackwardReference({ dy, ids, dtable }: Backward, { vocab = 0, width = 0, count = 0 }: Sizes): void {
  dtable.fill(0);
  for (let i = 0; i < count; i++) {
    const id = ids[i]!;
    if (id < 0 || id >= vocab) continue;
    for (let c = 0; c < width; c++) dtable[id * width + c]! += dy[i * width + c]!;
  }
}
