/** What is charged for a machine; what is not stated is not counted. */
export interface Prices {
  /** What the machine draws while it works. */
  readonly watts?: number | undefined;
  /** For an hour of the machine, and for a kilowatt-hour, in any currency. */
  readonly pricePerHour?: number | undefined;
  readonly pricePerKwh?: number | undefined;
}

/** What a stretch of work came to. */
export interface Cost {
  readonly seconds: number;
  readonly flops: number | undefined;
  /** Undefined without `watts`. */
  readonly kwh: number | undefined;
  /** Undefined without a price. */
  readonly money: number | undefined;
}

/**
 * Energy and money of a stretch of work, by stated figures: nothing here measures what a machine draws.
 *
 *   kWh = watts · seconds / 3,600,000;  money = pricePerHour · seconds / 3600 + pricePerKwh · kWh
 *
 * @example
 * ```ts
 * import { costOf } from '@llm/pipeline';
 * const { kwh, money } = costOf({ seconds: 7200 }, { watts: 500, pricePerHour: 2, pricePerKwh: 0.3 });
 * if (kwh !== 1 || money !== 4.3) throw new Error('two hours at half a kilowatt');
 * ```
 */
export function costOf({ seconds, flops }: { readonly seconds: number; readonly flops?: number | undefined }, { watts, pricePerHour, pricePerKwh }: Prices): Cost {
  const kwh = watts === undefined ? undefined : (watts * seconds) / 3_600_000;
  const byEnergy = pricePerKwh === undefined || kwh === undefined ? undefined : pricePerKwh * kwh;
  const byTime = pricePerHour === undefined ? undefined : (pricePerHour * seconds) / 3600;
  return { seconds, flops, kwh, money: byTime === undefined && byEnergy === undefined ? undefined : (byTime ?? 0) + (byEnergy ?? 0) };
}

/** Several stretches together; what one of them does not know, the sum does not either, but for operations, of which there are at least so many. */
export function sumOf(costs: readonly Cost[]): Cost {
  const sum = (of: (cost: Cost) => number | undefined): number | undefined => costs.reduce<number | undefined>((total, cost) => {
    const value = of(cost);
    return total === undefined || value === undefined ? undefined : total + value;
  }, 0);
  const counted = costs.flatMap(({ flops }) => flops ?? []);
  return { seconds: costs.reduce((total, { seconds }) => total + seconds, 0), flops: counted.length === 0 ? undefined : counted.reduce((a, b) => a + b, 0), kwh: sum(({ kwh }) => kwh), money: sum(({ money }) => money) };
}

/** Operations for people: `1.23 TFLOP`. */
export function flopsText(flops: number | undefined): string {
  if (flops === undefined) return '';
  const units: readonly (readonly [string, number])[] = [['E', 1e18], ['P', 1e15], ['T', 1e12], ['G', 1e9], ['M', 1e6]];
  const [unit, size] = units.find(([, each]) => flops >= each) ?? ['', 1];
  return `${(flops / size).toPrecision(3)} ${unit}FLOP`;
}

/** Money for people, without a currency. */
export const moneyText = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(value < 0.01 ? 5 : 2));
/** Kilowatt-hours for people. */
export const kwhText = (value: number | undefined): string => (value === undefined ? '' : `${value.toPrecision(3)} kWh`);
