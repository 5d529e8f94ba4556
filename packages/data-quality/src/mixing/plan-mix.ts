export interface PlanMixOptions {
  /** Tokens to give out in all. Needed unless `budgets` says how many of each. */
  readonly budgetTokens?: number;
  /** Shares by key, in any unit: w. Keys left out get nothing. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Exponent α on the tokens that there are: 1 takes things as they are, 0 all alike. Default 1; with `weights`, 0. */
  readonly alpha?: number;
  /** Tokens by key, instead of the three above. */
  readonly budgets?: Readonly<Record<string, number>>;
  /** No source is read more often than this; what it cannot give, the others do. Default: no cap. */
  readonly maxEpochs?: number;
}

export interface MixShare {
  /** A source, a language, a domain. */
  readonly key: string;
  /** Tokens that there are. */
  readonly available: number;
  /** Tokens to take. */
  readonly tokens: number;
  /** Of all tokens to take. */
  readonly share: number;
  /** tokens / available: 2 means that everything is read twice. */
  readonly epochs: number;
  /** `maxEpochs` holds this one back. */
  readonly capped: boolean;
}

export interface MixPlan {
  /** By key. */
  readonly shares: readonly MixShare[];
  readonly tokens: number;
  /** Tokens that were asked for and that `maxEpochs` does not let anyone give. */
  readonly missing: number;
}

function checked(values: Readonly<Record<string, number>>, name: string): Map<string, number> {
  const entries = Object.entries(values);
  for (const [key, value] of entries) if (!(value >= 0 && value < Infinity)) throw new RangeError(`planMix: expected ${name} of at least 0 but found ${value} for ${key}. Give a finite number of tokens or weight.`);
  return new Map(entries);
}

/** Splits `total` by weight; whoever would pass its cap gets its cap, and the rest is split again among the others. */
function fill(total: number, weights: ReadonlyMap<string, number>, caps: ReadonlyMap<string, number>): Map<string, number> {
  const given = new Map<string, number>();
  let open = [...weights].filter(([, weight]) => weight > 0);
  let rest = total;
  for (;;) {
    const sum = open.reduce((all, [, weight]) => all + weight, 0);
    const over = open.filter(([key, weight]) => (rest * weight) / sum > (caps.get(key) ?? 0));
    if (over.length === 0) {
      for (const [key, weight] of open) given.set(key, (rest * weight) / sum);
      return given;
    }
    for (const [key] of over) {
      const cap = caps.get(key) ?? 0;
      given.set(key, cap);
      rest -= cap;
    }
    open = open.filter((entry) => !over.includes(entry));
  }
}

/**
 * How many tokens to take of each source (or language, or domain), and how many epochs that makes:
 *
 *   tokensᵢ = budget · wᵢ·nᵢ^α / Σ wⱼ·nⱼ^α,   epochsᵢ = tokensᵢ / nᵢ,
 *
 * with nᵢ the tokens that there are. α = 0.3 is that of XLM-R (Conneau et al. 2020) and mT5, which call 1/α the temperature.
 * α = 0 with `maxEpochs` is UniMax (Chung et al. 2023): all alike, but none more often than it can bear, the rest going to the others.
 *
 * Throws RangeError for negative or infinite numbers, weights of keys that have no tokens, weights that are all 0, a missing
 * budget, or `budgets` together with the other ways.
 *
 * @example
 * ```ts
 * import { planMix } from '@llm/data-quality';
 * const plan = planMix({ en: 9000, sw: 1000 }, { budgetTokens: 8000, alpha: 0, maxEpochs: 2 });
 * console.assert(plan.shares.map(({ key, tokens, epochs }) => `${key} ${tokens} ${epochs.toFixed(2)}`).join() === 'en 6000 0.67,sw 2000 2.00');
 * ```
 */
export function planMix(available: Readonly<Record<string, number>>, { budgetTokens, weights, alpha = weights ? 0 : 1, budgets, maxEpochs = Infinity }: PlanMixOptions): MixPlan {
  const amounts = checked(available, 'available tokens');
  if (!(maxEpochs > 0)) throw new RangeError(`planMix: expected maxEpochs above 0 but found ${maxEpochs}. Leave it out for no cap.`);
  if (!Number.isFinite(alpha)) throw new RangeError(`planMix: expected a finite alpha but found ${alpha}. Use 1 for things as they are, 0 for all alike.`);
  if (budgets ? budgetTokens !== undefined || weights : budgetTokens === undefined) {
    throw new RangeError(`planMix: expected either budgets or budgetTokens but found ${budgets ? 'both ways' : 'neither'}. Give budgets by key, or budgetTokens with weights or alpha.`);
  }
  const wanted = checked(budgets ?? weights ?? Object.fromEntries([...amounts.keys()].map((key) => [key, 1])), budgets ? 'budgets' : 'weights');
  for (const [key, value] of wanted) if (value > 0 && !amounts.get(key)) throw new RangeError(`planMix: expected tokens of ${key} but found none. Take it out, or add data.`);

  const caps = new Map([...amounts].map(([key, count]) => [key, count * maxEpochs]));
  let tokens: Map<string, number>;
  let total: number;
  if (budgets) {
    total = [...wanted.values()].reduce((sum, value) => sum + value, 0);
    tokens = new Map([...wanted].map(([key, value]) => [key, Math.min(value, caps.get(key) ?? 0)]));
  } else {
    total = budgetTokens as number;
    checked({ all: total }, 'budgetTokens');
    const powers = new Map([...wanted].map(([key, weight]) => [key, weight === 0 || !amounts.get(key) ? 0 : weight * (amounts.get(key) as number) ** alpha]));
    if (![...powers.values()].some((power) => power > 0)) throw new RangeError('planMix: expected a weight above 0 but found none. Give some source a weight.');
    tokens = fill(total, powers, caps);
  }
  const given = [...tokens.values()].reduce((sum, value) => sum + value, 0);
  const shares = [...amounts].map(([key, count]): MixShare => {
    const take = tokens.get(key) ?? 0;
    return { key, available: count, tokens: take, share: given === 0 ? 0 : take / given, epochs: count === 0 ? 0 : take / count, capped: take > 0 && take >= count * maxEpochs };
  });
  return { shares: shares.sort((a, b) => (a.key < b.key ? -1 : 1)), tokens: given, missing: Math.max(0, total - given) };
}
