import { brokenRule } from './broken-rule.ts';
import type { Document, Filter, Kept, Rule } from './types.ts';

/** A rule, and how its number is read off the statistics of a document; the rule is undefined where it is switched off. */
export type MeasuredRule<Statistics> = readonly [rule: Rule | undefined, measure: (statistics: Statistics) => number];

export interface MeasuredFilterOptions<Statistics> {
  /** In the order in which they are tried. */
  readonly rules: readonly MeasuredRule<Statistics>[];
  /**
   * Works out what costs time when a rule asks for it and not before: `check` asks only as far as the first broken rule, and
   * `measure` for all.
   */
  readonly statistics: (document: Document, measuring: boolean) => Statistics;
  /** The verdict on a document that breaks no rule. Default: kept as it is. */
  readonly kept?: (document: Document, statistics: Statistics) => Kept;
}

const KEPT: Kept = { keep: true };

/** A filter of rules that each judge one number: what drops a document and what is measured of it are the same numbers. */
export function measuredFilter<Statistics>(name: string, { rules: all, statistics, kept = () => KEPT }: MeasuredFilterOptions<Statistics>): Filter {
  const inForce = all.filter((each): each is readonly [Rule, (statistics: Statistics) => number] => each[0] !== undefined);
  return {
    name,
    rules: inForce.map(([rule]) => rule),
    check: (document) => {
      const found = statistics(document, false);
      for (const [rule, measure] of inForce) {
        const verdict = brokenRule(rule, measure(found));
        if (verdict) return verdict;
      }
      return kept(document, found);
    },
    measure: (document) => {
      const found = statistics(document, true);
      return Object.fromEntries(inForce.map(([rule, measure]) => [rule.reason, measure(found)]));
    },
  };
}

/** The value of a function without arguments, worked out on first use. */
export function lazy<T>(compute: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => (value ??= { of: compute() }).of;
}
