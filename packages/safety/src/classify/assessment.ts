/** What a classifier thinks of a text: how likely it is harmful at all, and of each kind. */
export interface Assessment {
  /** From 0 to 1. */
  readonly harm: number;
  /** From 0 to 1 each, by label. */
  readonly labels: Readonly<Record<string, number>>;
}

/** Says how harmful a text is: one of this package's, trained with your own data, or any other function. */
export type Classifier = (text: string) => Assessment | Promise<Assessment>;

/** The likeliest kind of harm; undefined where there is none. */
export function likeliestLabel({ labels }: Assessment): string | undefined {
  return Object.entries(labels).reduce<readonly [string | undefined, number]>((best, [label, value]) => (value > best[1] ? [label, value] : best), [undefined, -Infinity])[0];
}
