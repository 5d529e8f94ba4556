import type { ArgsDef } from 'citty';
import type { z } from 'zod';
import { number } from '../cli/command.ts';
import type { Prices } from '../cost/step-cost.ts';

/** Flags of the commands that count what work costs. */
export const priceArgs: ArgsDef = {
  watts: { type: 'string', valueHint: 'watts', description: 'What the machine draws while it works, for energy; nothing here measures it' },
  'price-per-hour': { type: 'string', valueHint: 'money', description: 'Of an hour of the machine, in any currency' },
  'price-per-kwh': { type: 'string', valueHint: 'money', description: 'Of a kilowatt-hour' },
};

/** What they say. */
export interface PriceOptions {
  readonly watts?: number | undefined;
  readonly 'price-per-hour'?: number | undefined;
  readonly 'price-per-kwh'?: number | undefined;
}

const price = number('a number from 0 on', { min: 0 }).optional();
export const priceFields: { readonly [K in keyof Required<PriceOptions>]: z.ZodType<number | undefined> } = { watts: price, 'price-per-hour': price, 'price-per-kwh': price };

/** What is charged, by the flags. */
export const pricesOf = ({ watts, 'price-per-hour': pricePerHour, 'price-per-kwh': pricePerKwh }: PriceOptions): Prices => ({ watts, pricePerHour, pricePerKwh });
