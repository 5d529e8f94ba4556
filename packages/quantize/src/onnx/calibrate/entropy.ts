import { count, equalEdges, grown, type Histogram } from './histogram.ts';
import { within } from './percentile.ts';
import { extremesOf, NOTHING, type Range, type RangeMethod, wider } from './range.ts';

export interface EntropyOptions {
  /** Of the histogram, at least as many as `quantizedBins`; default 2048. onnxruntime takes 128, with which there is nothing to choose from. */
  readonly bins?: number;
  /** What the states within a range are merged to before they are compared; default 128. */
  readonly quantizedBins?: number;
}

/**
 * Ranges that lose the least information: of all that lie around 0, the one in which the distribution of the states, merged to
 * `quantizedBins` levels, diverges least from the distribution with what lies beyond put onto the ends.
 *
 *   argmin over t of KL(P_t ‖ Q_t)
 *
 * Migacz 2017, "8-bit inference with TensorRT"; the definition is onnxruntime's.
 *
 * @throws RangeError for fewer bins than levels.
 *
 * @example
 * ```ts
 * import { entropyRange } from '@llm/quantize';
 * const finder = entropyRange({ bins: 512 }).start();
 * finder.see(Float32Array.from({ length: 4000 }, (_, i) => (i === 0 ? 40 : Math.sin(i))));
 * if (finder.range().max > 20) throw new Error('without the outlier');
 * ```
 */
export function entropyRange({ bins = 2048, quantizedBins = 128 }: EntropyOptions = {}): RangeMethod {
  if (bins < quantizedBins || quantizedBins < 2) throw new RangeError(`entropyRange: expected at least ${quantizedBins} bins for as many levels but found ${bins}.`);
  return {
    name: 'entropy',
    start() {
      let seen = NOTHING;
      let histogram: Histogram | undefined;
      return {
        see(values) {
          const own = extremesOf(values);
          seen = wider(seen, own);
          const most = Math.max(Math.abs(own.min), Math.abs(own.max));
          histogram = histogram === undefined ? count(values, equalEdges(-most, most, bins)) : grown(histogram, values, most);
        },
        range: () => (histogram === undefined ? NOTHING : within(leastDivergent(histogram, quantizedBins), seen)),
      };
    },
  };
}

function leastDivergent({ counts, edges }: Histogram, levels: number): Range {
  const bins = counts.length;
  const middle = Math.floor(bins / 2);
  let best = { divergence: Infinity, min: edges[0]!, max: edges[bins]! };
  for (let half = Math.floor(levels / 2); half <= middle; half++) {
    const [from, to] = [middle - half, Math.min(middle + half + 1, bins)];
    const divergence = divergenceOf(counts, { from, to, levels });
    if (divergence < best.divergence) best = { divergence, min: edges[from]!, max: edges[to]! };
  }
  return best;
}

/** KL(P ‖ Q) of the counts in [from, to): P has what lies outside at its ends, Q is P's inside in `levels` levels. */
function divergenceOf(counts: Float64Array, { from, to, levels }: { from: number; to: number; levels: number }): number {
  const inside = counts.subarray(from, to);
  const p = inside.slice();
  p[0]! += total(counts.subarray(0, from));
  p[p.length - 1]! += total(counts.subarray(to));
  const q = new Float64Array(p.length);
  const merged = Math.floor(p.length / levels);
  for (let level = 0; level < levels; level++) {
    const [start, end] = [level * merged, (level + 1) * merged];
    const sum = total(inside.subarray(start, level === levels - 1 ? inside.length : end));
    const filled = p.subarray(start, end).reduce((n, value) => n + Number(value !== 0), 0);
    // Whole counts, as in the reference.
    if (filled > 0) q.fill(Math.trunc(sum / filled), start, end);
  }
  const [smoothP, smoothQ] = [smoothed(p), smoothed(q)];
  if (smoothP === undefined || smoothQ === undefined) return Infinity;
  const [sumP, sumQ] = [total(smoothP), total(smoothQ)];
  return smoothP.reduce((sum, value, i) => sum + (value / sumP) * Math.log((value / sumP) / (smoothQ[i]! / sumQ)), 0);
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

/** Zeros become 0.0001, taken from the others in equal parts; undefined where all are zero. */
function smoothed(values: Float64Array): Float64Array | undefined {
  const zeros = values.reduce((n, value) => n + Number(value === 0), 0);
  if (zeros === values.length) return undefined;
  const taken = (0.0001 * zeros) / (values.length - zeros);
  return values.map((value) => (value === 0 ? 0.0001 : value - taken));
}
