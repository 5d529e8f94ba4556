import { type Decided, type NamedRule } from './decided.ts';

/** What is kept of a document to move thresholds: a number for each rule, NaN where there is none. */
export interface SampledDocument {
  readonly values: Float64Array;
  /** 1: dropped by something that is not measured, 2: kept though a rule would drop it. No threshold changes either. */
  readonly fixed: 0 | 1 | 2;
}

export interface RuleSample {
  add(decided: Decided): void;
  readonly documents: readonly SampledDocument[];
  /** How many there were in all. */
  readonly seen: number;
}

/** Whether a measured value meets a threshold; what was not measured does. */
export function meets(value: number, { threshold, comparison }: Pick<NamedRule, 'threshold' | 'comparison'>): boolean {
  return !(comparison === 'min' ? value < threshold : value > threshold);
}

/** The numbers of the rules that measure, and what of the decision no threshold changes. */
export function sampled({ kept, filter: by, reason: because, measures }: Decided, rules: readonly NamedRule[]): SampledDocument {
  const values = Float64Array.from(rules, ({ filter, reason }) => measures[filter]?.[reason] ?? Number.NaN);
  const passes = rules.every((rule, i) => meets(values[i] as number, rule));
  const byThese = rules.some(({ filter, reason }) => filter === by && reason === because);
  if (kept) return { values, fixed: passes ? 0 : 2 };
  return { values, fixed: byThese && !passes ? 0 : 1 };
}

/** Whether a document would be kept under other thresholds. */
export function keptUnder({ values, fixed }: SampledDocument, rules: readonly NamedRule[]): boolean {
  return fixed === 2 || (fixed === 0 && rules.every((rule, i) => meets(values[i] as number, rule)));
}

/** A random sample of fixed size (Vitter's algorithm R), the same each time. */
export function ruleSample(rules: readonly NamedRule[], { size = 10_000 }: { size?: number } = {}): RuleSample {
  const documents: SampledDocument[] = [];
  let seen = 0;
  let state = 1;
  const random = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  return {
    documents,
    get seen() { return seen; },
    add(decided) {
      seen++;
      if (documents.length < size) {
        documents.push(sampled(decided, rules));
        return;
      }
      const place = Math.floor(random() * seen);
      if (place < size) documents[place] = sampled(decided, rules);
    },
  };
}
