import type { ReviewedItem } from './read-review.ts';

export interface RuleAgreement {
  /** The reason of a rule, or 'kept' for what no rule dropped. */
  readonly reason: string;
  readonly judged: number;
  /** Judged as decided: drop for a rule, keep or edit for what was kept. */
  readonly agreed: number;
  /** The same among those drawn at random, which alone stand for all documents of the rule. */
  readonly random: { readonly judged: number; readonly agreed: number };
  /** Share of agreement among the random ones, with its 95 % interval by Wilson; null where there is none. */
  readonly precision: { readonly value: number; readonly low: number; readonly high: number } | null;
}

/**
 * Wilson's interval of a share: where k of n agreed, at z = 1.96,
 *
 *   (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n), p = k/n.
 *
 * Null for n = 0. Wilson 1927. https://doi.org/10.1080/01621459.1927.10502953
 */
function wilson(agreed: number, judged: number): RuleAgreement['precision'] {
  if (judged === 0) return null;
  const z = 1.96;
  const p = agreed / judged;
  const centre = p + (z * z) / (2 * judged);
  const spread = z * Math.sqrt((p * (1 - p)) / judged + (z * z) / (4 * judged * judged));
  const scale = 1 + (z * z) / judged;
  return { value: p, low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) };
}

/**
 * How often people agree with each rule: its precision is the share of the documents it dropped that they would drop too. Borderline
 * documents are the hard ones, so precision is taken of the random ones only. Most judged first.
 *
 * @example
 * ```ts
 * import { createReviewQueue, ruleAgreement } from '@llm/data-quality';
 * const queue = createReviewQueue({ size: 2, keptShare: 0 });
 * for (const id of ['a', 'b']) queue.add({ document: { id, text: id }, kept: false, reason: 'short' });
 * const judged = queue.items().map((item, i) => ({ ...item, verdict: i === 0 ? 'drop' as const : 'keep' as const, line: i }));
 * console.assert(ruleAgreement(judged)[0]?.precision?.value === 0.5);
 * ```
 */
export function ruleAgreement(items: readonly ReviewedItem[]): RuleAgreement[] {
  const rules = new Map<string, { judged: number; agreed: number; random: { judged: number; agreed: number } }>();
  for (const { automatic, reason, verdict, picked } of items) {
    if (verdict === '') continue;
    const key = automatic === 'keep' ? 'kept' : reason;
    let rule = rules.get(key);
    if (!rule) rules.set(key, (rule = { judged: 0, agreed: 0, random: { judged: 0, agreed: 0 } }));
    const agreed = (automatic === 'drop') === (verdict === 'drop') ? 1 : 0;
    for (const tally of picked === 'random' ? [rule, rule.random] : [rule]) {
      tally.judged++;
      tally.agreed += agreed;
    }
  }
  return [...rules]
    .sort(([a, x], [b, y]) => y.judged - x.judged || (a < b ? -1 : 1))
    .map(([reason, { judged, agreed, random }]) => ({ reason, judged, agreed, random, precision: wilson(random.agreed, random.judged) }));
}

export interface ReviewerAgreement {
  /** Documents that both judged. */
  readonly both: number;
  readonly agreed: number;
  /** 1 for full agreement, 0 for that of chance; null where nothing was judged by both, or both always said the same one thing. */
  readonly kappa: number | null;
  /** Ids on which they differ. */
  readonly disputed: readonly string[];
}

/**
 * How far two reviewers agree beyond chance, Cohen's kappa over keep, drop and edit,
 *
 *   κ = (pₒ − pₑ) / (1 − pₑ),
 *
 * pₒ the share of documents on which they agree, pₑ = Σ p₁(v) p₂(v) what their shares of each verdict give by chance.
 * Cohen 1960. https://doi.org/10.1177/001316446002000104
 *
 * @example
 * ```ts
 * import { reviewerAgreement } from '@llm/data-quality';
 * const one = [{ id: 'a', verdict: 'keep' }, { id: 'b', verdict: 'drop' }] as const;
 * const two = [{ id: 'a', verdict: 'keep' }, { id: 'b', verdict: 'keep' }] as const;
 * const { kappa, disputed } = reviewerAgreement(one, two);
 * console.assert(kappa === 0 && disputed[0] === 'b');
 * ```
 */
export function reviewerAgreement(one: readonly Pick<ReviewedItem, 'id' | 'verdict'>[], two: readonly Pick<ReviewedItem, 'id' | 'verdict'>[]): ReviewerAgreement {
  const second = new Map(two.map(({ id, verdict }) => [id, verdict]));
  const pairs = one.flatMap(({ id, verdict }) => {
    const other = second.get(id);
    return other === undefined || other === '' || verdict === '' ? [] : [{ id, verdict, other }];
  });
  const both = pairs.length;
  const disputed = pairs.filter(({ verdict, other }) => verdict !== other).map(({ id }) => id);
  const agreed = both - disputed.length;
  const share = (side: 'verdict' | 'other', value: string): number => pairs.filter((pair) => pair[side] === value).length / both;
  const chance = both === 0 ? 1 : ['keep', 'drop', 'edit'].reduce((sum, value) => sum + share('verdict', value) * share('other', value), 0);
  return { both, agreed, kappa: chance === 1 ? null : (agreed / both - chance) / (1 - chance), disputed };
}
