import type { Rule } from '../types.ts';

/**
 * How far a measured value lies from its threshold, relative to it: |measured − threshold| / |threshold|, or the plain difference
 * where the threshold is 0; Infinity where nothing was measured.
 */
export function thresholdDistance(measured: number | undefined, threshold: number | undefined): number {
  if (measured === undefined || threshold === undefined || !Number.isFinite(measured)) return Infinity;
  return Math.abs(measured - threshold) / (Math.abs(threshold) || 1);
}

/**
 * The rule that comes nearest to dropping a document that was kept, with what was measured; undefined where none was measured.
 *
 * @example
 * ```ts
 * import { nearestRule } from '@llm/data-quality';
 * const rules = [{ reason: 'short', threshold: 50, comparison: 'min' }, { reason: 'digits', threshold: 0.2, comparison: 'max' }] as const;
 * console.assert(nearestRule(rules, { short: 60, digits: 0.19 })?.reason === 'digits');
 * ```
 */
export function nearestRule(rules: readonly Rule[], measured: Readonly<Record<string, number>>): (Rule & { readonly measured: number }) | undefined {
  let best: (Rule & { readonly measured: number }) | undefined;
  for (const rule of rules) {
    const value = measured[rule.reason];
    if (value !== undefined && thresholdDistance(value, rule.threshold) < thresholdDistance(best?.measured, best?.threshold)) best = { ...rule, measured: value };
  }
  return best;
}
