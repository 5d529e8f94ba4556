import { plainTable } from '../plain-table.ts';
import type { MixPlan } from './plan-mix.ts';

/**
 * The plan as a plain text table: for each key the tokens that there are, those to take, their share and the epochs.
 *
 * @example
 * ```ts
 * import { mixTable, planMix } from '@llm/data-quality';
 * const table = mixTable(planMix({ en: 9000, sw: 1000 }, { budgetTokens: 5000 }));
 * console.assert(/sw +1000 +500 +10.0 % +0.50/.test(table));
 * ```
 */
export function mixTable({ shares, tokens, missing }: MixPlan): string {
  const rows = shares.map((row) => [row.key, Math.round(row.available), Math.round(row.tokens), `${(100 * row.share).toFixed(1)} %`, row.epochs.toFixed(2), row.capped ? 'at the cap' : '']);
  const table = plainTable(['', 'available', 'tokens', 'share', 'epochs', ''], rows);
  return `${table}\n${Math.round(tokens)} tokens${missing > 0 ? `, ${Math.round(missing)} short of what was asked for` : ''}`;
}
