import type { Comparison, Dropped, Rule } from './types.ts';

/** A rule, or none where its threshold is null. */
export function optionalRule(reason: string, comparison: Comparison, threshold: number | null): Rule | undefined {
  return threshold === null ? undefined : { reason, threshold, comparison };
}

/** The verdict where the rule is in force and not met. A share of nothing is NaN, which meets every rule. */
export function brokenRule(rule: Rule | undefined, measured: number): Dropped | undefined {
  if (!rule || !(rule.comparison === 'min' ? measured < rule.threshold : measured > rule.threshold)) return undefined;
  return { keep: false, ...rule, measured };
}
