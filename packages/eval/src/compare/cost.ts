/** What an evaluation took. */
export interface Spent {
  readonly tokens: number;
  readonly seconds: number;
  /** What the machine draws while it runs; energy is left out without it. */
  readonly watts?: number;
}

/** Prices; what is not given costs nothing. */
export interface Prices {
  /** Of a million tokens. */
  readonly perMillionTokens?: number;
  /** Of the machine. */
  readonly perHour?: number;
  readonly perKilowattHour?: number;
}

/** What a score has cost. */
export interface ScoreCost {
  readonly tokens: number;
  readonly seconds: number;
  readonly kilowattHours: number | undefined;
  readonly money: number;
  /** Money for one hundredth of the score. */
  readonly moneyPerPoint: number;
  /** Tokens for one hundredth of the score. */
  readonly tokensPerPoint: number;
}

/**
 * What a score from 0 to 1 has cost, in all and by the point.
 *
 *   money = tokens · price / 10⁶ + hours · price + kWh · price,  kWh = watts · seconds / 3.6·10⁶
 *
 * @throws RangeError for prices of energy without watts.
 *
 * @example
 * ```ts
 * import { costOfScore } from '@llm/eval';
 * const { money, moneyPerPoint } = costOfScore(0.5, { tokens: 2e6, seconds: 3600, watts: 500 }, { perMillionTokens: 1, perKilowattHour: 0.4 });
 * if (Math.abs(money - 2.2) > 1e-12 || Math.abs(moneyPerPoint - 0.044) > 1e-12) throw new Error('2 for tokens, 0.2 for half a kilowatt hour');
 * ```
 */
export function costOfScore(score: number, { tokens, seconds, watts }: Spent, { perMillionTokens = 0, perHour = 0, perKilowattHour = 0 }: Prices = {}): ScoreCost {
  const kilowattHours = watts === undefined ? undefined : (watts * seconds) / 3.6e6;
  if (perKilowattHour > 0 && kilowattHours === undefined) throw new RangeError('costOfScore: expected watts beside a price of energy but found none. Pass what the machine draws.');
  const money = (tokens * perMillionTokens) / 1e6 + (seconds / 3600) * perHour + (kilowattHours ?? 0) * perKilowattHour;
  return { tokens, seconds, kilowattHours, money, moneyPerPoint: money / (100 * score), tokensPerPoint: tokens / (100 * score) };
}
