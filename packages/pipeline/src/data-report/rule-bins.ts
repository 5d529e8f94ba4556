import type { NamedRule } from './decided.ts';
import { keptUnder, type SampledDocument } from './rule-sample.ts';

/** A rule with its bins: where its threshold may be moved to, and how the documents of a sample lie between. */
export interface RuleBins extends NamedRule {
  /** Ascending. A bin lies below the first, between each two, and above the last. */
  readonly edges: readonly number[];
  /** The place of the threshold among the edges. */
  readonly at: number;
  /** Documents in each bin that are kept, and that are dropped, by this rule or another. */
  readonly kept: readonly number[];
  readonly dropped: readonly number[];
}

/** The bin of what was not measured. */
export const NOT_MEASURED = 255;
const MOST_EDGES = 40;
const STEPS = [1, 2, 2.5, 5, 10] as const;

const round = (value: number): number => Number(value.toPrecision(12));

/** Round numbers over what was measured, the threshold among them. */
export function edgesFor(values: readonly number[], threshold: number): number[] {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? threshold;
  const high = Math.max(threshold, at(0.995));
  let low = Math.min(threshold, at(0.005));
  const edges = new Set([threshold]);
  if (low > 0 && high / low > 30) {
    // So small a part of the largest is as good as none.
    low = Math.max(low, high / 1e6);
    const factor = (high / low) ** (1 / (MOST_EDGES - 4));
    for (let i = 0; i <= MOST_EDGES - 3; i++) edges.add(Number((low * factor ** i).toPrecision(2)));
  } else if (high - low > 1e-9) {
    const rough = (high - low) / (MOST_EDGES - 6);
    const scale = 10 ** Math.floor(Math.log10(rough));
    let step = (STEPS.find((each) => each * scale >= rough) ?? 10) * scale;
    if (sorted.every(Number.isInteger) && Number.isInteger(threshold)) step = Math.max(1, Math.ceil(step));
    for (let i = Math.floor(low / step); i <= Math.ceil(high / step); i++) edges.add(round(i * step));
  }
  return [...edges].sort((a, b) => a - b);
}

/**
 * The bin of a value: how many edges a `min` rule puts at or below it, a `max` rule below it. So a document meets `min` at edge j from
 * bin j + 1 on, and `max` up to bin j, exactly.
 */
export function binOf(value: number, { edges, comparison }: Pick<RuleBins, 'edges' | 'comparison'>): number {
  if (Number.isNaN(value)) return NOT_MEASURED;
  let bin = 0;
  while (bin < edges.length && (comparison === 'min' ? (edges[bin] as number) <= value : (edges[bin] as number) < value)) bin++;
  return bin;
}

/** The bins of each rule over a sample. */
export function ruleBins(rules: readonly NamedRule[], documents: readonly SampledDocument[]): RuleBins[] {
  const keeps = documents.map((document) => keptUnder(document, rules));
  return rules.map((rule, i) => {
    const edges = edgesFor(documents.map(({ values }) => values[i] as number), rule.threshold);
    const kept = Array.from({ length: edges.length + 1 }, () => 0);
    const dropped = kept.slice();
    for (const [n, { values }] of documents.entries()) {
      const bin = binOf(values[i] as number, { edges, comparison: rule.comparison });
      const counts = keeps[n] ? kept : dropped;
      if (bin !== NOT_MEASURED) counts[bin] = (counts[bin] as number) + 1;
    }
    return { ...rule, edges, at: edges.indexOf(rule.threshold), kept, dropped };
  });
}

/** The sample for the page: a row for each document, first what is fixed, then a bin for each rule; in base64. */
export function sampleCodes(rules: readonly RuleBins[], documents: readonly SampledDocument[]): string {
  const width = rules.length + 1;
  const codes = new Uint8Array(width * documents.length);
  for (const [n, { values, fixed }] of documents.entries()) {
    codes[n * width] = fixed;
    for (const [i, rule] of rules.entries()) codes[n * width + 1 + i] = binOf(values[i] as number, rule);
  }
  return Buffer.from(codes).toString('base64');
}
