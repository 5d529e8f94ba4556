const MOST = 2 ** 20;

/** Counts of values between edges; `edges` has one more entry than `counts`, in 32 bits. */
export interface Histogram {
  readonly counts: Float64Array;
  readonly edges: Float32Array;
}

/** `bins` equal parts of [from, to]. */
export function equalEdges(from: number, to: number, bins: number): Float32Array {
  const step = Math.fround(Math.fround(to - from) / bins);
  const edges = Float32Array.from({ length: bins + 1 }, (_, i) => Math.fround(i * step) + from);
  edges[bins] = to;
  return edges;
}

/** Counts values between edges that are about equally far apart; those outside are left out, the last edge belongs to the last bin. */
export function count(values: Float32Array, edges: Float32Array): Histogram {
  const bins = edges.length - 1;
  const counts = new Float64Array(bins);
  const [from, to] = [edges[0]!, edges[bins]!];
  const perValue = to > from ? bins / (to - from) : 0;
  for (const value of values) {
    if (!(value >= from && value <= to)) continue;
    // The edges are rounded, so the estimate may be off by one.
    let bin = Math.min(bins - 1, Math.floor((value - from) * perValue));
    while (bin > 0 && value < edges[bin]!) bin--;
    while (bin < bins - 1 && value >= edges[bin + 1]!) bin++;
    counts[bin]!++;
  }
  return { counts, edges };
}

/** A histogram of [−most, most] that grows by whole bins on both sides where a later batch reaches farther. */
export function grown({ counts, edges }: Histogram, values: Float32Array, most: number): Histogram {
  const bins = counts.length;
  const before = edges[bins]!;
  if (most <= before) return summed(count(values, edges), counts, 0);
  const width = (2 * before) / bins;
  const more = before === 0 ? 0 : Math.floor((most - before) / width) + 1;
  checkBins(bins + 2 * more);
  const reach = before === 0 ? most : more * width + before;
  return summed(count(values, equalEdges(Math.fround(-reach), Math.fround(reach), bins + 2 * more)), counts, more);
}

/** Throws where the histogram of a small first batch would grow without end. */
export function checkBins(bins: number): void {
  if (bins <= MOST) return;
  throw new RangeError(`calibrateRanges: expected batches whose states are of one size but found some that would take ${bins} bins as wide as those of the first. Put the batch with the largest states first, or take fewer bins.`);
}

function summed({ counts, edges }: Histogram, earlier: Float64Array, at: number): Histogram {
  earlier.forEach((value, i) => { counts[at + i]! += value; });
  return { counts, edges };
}
