import type { BinCounts, SourceStatistics } from './source-statistics.ts';

export interface SourceDrift {
  readonly source: string;
  readonly measure: keyof SourceStatistics['bins'];
  /** Population stability index, 0 where nothing changed. */
  readonly psi: number;
  /** What two samples of these sizes out of one population give on average. */
  readonly noise: number;
  readonly drifted: boolean;
  /** The bin whose share changed most, and its shares before and after. */
  readonly mostChanged: { readonly bin: string; readonly before: number; readonly after: number };
}

export interface SourceDriftOptions {
  /** Least index that counts. Default 0.2; bankers, who made the index, call 0.1 to 0.25 a moderate change. */
  readonly threshold?: number;
}

/** Licences and languages are what the data says, `constructor` too. */
const countOf = (counts: BinCounts, bin: string): number => (Object.hasOwn(counts, bin) ? (counts[bin] as number) : 0);
const total = (counts: BinCounts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

function compare(before: BinCounts, after: BinCounts): Pick<SourceDrift, 'psi' | 'noise' | 'mostChanged'> {
  const bins = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const [n, m] = [total(before), total(after)];
  let psi = 0;
  let mostChanged = { bin: '', before: 0, after: 0 };
  for (const bin of bins) {
    // Half a document more in each bin: an empty bin would make the index infinite.
    const [a, b] = [countOf(before, bin), countOf(after, bin)];
    const p = (a + 0.5) / (n + 0.5 * bins.length);
    const q = (b + 0.5) / (m + 0.5 * bins.length);
    psi += (q - p) * Math.log(q / p);
    const [was, is] = [n === 0 ? 0 : a / n, m === 0 ? 0 : b / m];
    if (mostChanged.bin === '' || Math.abs(is - was) > Math.abs(mostChanged.after - mostChanged.before)) mostChanged = { bin, before: was, after: is };
  }
  return { psi, noise: (bins.length - 1) * (1 / Math.max(1, n) + 1 / Math.max(1, m)), mostChanged };
}

/**
 * How each source changed between two versions, by the population stability index of every measure,
 *
 *   PSI = Σ (qᵢ − pᵢ) ln(qᵢ / pᵢ),
 *
 * pᵢ and qᵢ the shares of bin i before and after, half a document added to each. Two samples of n and m documents out of one
 * population give (k − 1)(1/n + 1/m) on average, which is `noise`; `drifted` is an index of at least the threshold and three times
 * the noise. Sources of only one of the versions are left out: `diffManifests` names them. The largest index comes first.
 *
 * @example
 * ```ts
 * import { sourceDrift, sourceStatistics } from '@llm/data-quality';
 * const of = (text: string) => sourceStatistics(Array.from({ length: 100 }, (_, i) => ({ id: String(i), text, source: 's' })));
 * const [first] = sourceDrift(await of('some words of text'), await of('00000 11111'));
 * console.assert(first?.drifted && first.psi > 1);
 * ```
 */
export function sourceDrift(before: readonly SourceStatistics[], after: readonly SourceStatistics[], { threshold = 0.2 }: SourceDriftOptions = {}): SourceDrift[] {
  const old = new Map(before.map((statistics) => [statistics.source, statistics]));
  return after
    .flatMap(({ source, bins }) => {
      const was = old.get(source);
      if (!was) return [];
      return (Object.keys(bins) as (keyof typeof bins)[]).map((measure): SourceDrift => {
        const compared = compare(was.bins[measure], bins[measure]);
        return { source, measure, ...compared, drifted: compared.psi >= Math.max(threshold, 3 * compared.noise) };
      });
    })
    .sort((a, b) => b.psi - a.psi);
}
