import { checkBins, count, equalEdges, grown, type Histogram } from './histogram.ts';
import { extremesOf, NOTHING, type Range, type RangeMethod, wider } from './range.ts';

export interface PercentileOptions {
  /** Of the states that keep their place; default 99.999. */
  readonly percentile?: number;
  /** Of the histogram; default 2048. */
  readonly bins?: number;
  /** As far below 0 as above, by the magnitudes; default true. */
  readonly symmetric?: boolean;
}

/**
 * Ranges that hold a share of the states, by a histogram; never wider than what was seen. The definition is onnxruntime's.
 *
 * @throws RangeError for a percentile outside of (0, 100].
 *
 * @example
 * ```ts
 * import { percentileRange } from '@llm/quantize';
 * const finder = percentileRange({ percentile: 99 }).start();
 * finder.see(Float32Array.from({ length: 1000 }, (_, i) => (i === 0 ? 100 : i / 1000)));
 * if (finder.range().max > 1.1) throw new Error('without the outlier');
 * ```
 */
export function percentileRange({ percentile = 99.999, bins = 2048, symmetric = true }: PercentileOptions = {}): RangeMethod {
  if (!(percentile > 0 && percentile <= 100)) throw new RangeError(`percentileRange: expected a percentile above 0 up to 100 but found ${percentile}.`);
  return {
    name: 'percentile',
    start() {
      let seen = NOTHING;
      let histogram: Histogram | undefined;
      return {
        see(values) {
          const own = extremesOf(values);
          seen = wider(seen, own);
          const most = Math.max(Math.abs(own.min), Math.abs(own.max));
          if (symmetric) histogram = magnitudes(histogram, values.map(Math.abs), bins);
          else histogram = histogram === undefined ? count(values, equalEdges(-most, most, bins)) : grown(histogram, values, most);
        },
        range: () => (histogram === undefined ? NOTHING : within(cut(histogram, { percentile, symmetric }), seen)),
      };
    },
  };
}

/** A histogram from the least to the greatest magnitude, longer where a later batch reaches farther. */
function magnitudes(earlier: Histogram | undefined, values: Float32Array, bins: number): Histogram {
  const { min, max } = extremesOf(values);
  if (earlier === undefined) return count(values, equalEdges(min, max > min ? max : min + 1, bins));
  const edges = [...earlier.edges];
  const width = Math.fround(edges[1]! - edges[0]!);
  // In steps as 32 bits give them, which a thousand bins feel: where onnxruntime has them.
  const start = Math.fround(edges.at(-1)! + width);
  const step = Math.fround(Math.fround(start + width) - start);
  checkBins(edges.length + (max - start) / step);
  for (let i = 0; edges.at(-1)! < max; i++) edges.push(Math.fround(start + Math.fround(i * step)));
  const { counts, edges: longer } = count(values, Float32Array.from(edges));
  earlier.counts.forEach((value, i) => { counts[i]! += value; });
  return { counts, edges: longer };
}

function cut({ counts, edges }: Histogram, { percentile, symmetric }: { percentile: number; symmetric: boolean }): Range {
  const total = counts.reduce((sum, value) => sum + value, 0);
  const place = (share: number): number => {
    let sum = 0;
    for (let bin = 0; bin < counts.length; bin++) {
      sum += counts[bin]! / total;
      if (sum >= share) return edges[bin]!;
    }
    return edges.at(-1)!;
  };
  if (symmetric) return { min: -place(percentile / 100), max: place(percentile / 100) };
  const side = (100 - percentile) / 200;
  return { min: place(side), max: place(1 - side) };
}

/** The part of a range that was seen. */
export function within(range: Range, seen: Range): Range {
  return { min: Math.max(range.min, seen.min), max: Math.min(range.max, seen.max) };
}
