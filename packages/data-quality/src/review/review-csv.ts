import type { ReviewItem } from './review-item.ts';

export const REVIEW_FIELDS: readonly (keyof ReviewItem)[] = ['id', 'verdict', 'note', 'automatic', 'reason', 'measured', 'threshold', 'comparison', 'picked', 'source', 'hash', 'shownHash', 'cut', 'text'];

/** A cell that begins like a formula would be run by a spreadsheet: an apostrophe makes it text, and is taken off when read. */
const FORMULA = /^[=+\-@\t\r']/;
const defused = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/** The text that a cell holds. */
export function undefused(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
}

/**
 * A review queue as CSV (RFC 4180) with the names of its columns, for a spreadsheet: cells that begin like a formula are made text by an
 * apostrophe, which `readReview` takes off.
 *
 * @example
 * ```ts
 * import { createReviewQueue, reviewCsv } from '@llm/data-quality';
 * const queue = createReviewQueue({ size: 1 });
 * queue.add({ document: { id: 'a', text: '=1+1' }, kept: true });
 * console.assert(reviewCsv(queue.items()).includes("'=1+1"));
 * ```
 */
export function reviewCsv(items: readonly ReviewItem[]): string {
  const cell = (value: string | number | boolean | null): string => {
    // A measured value below 0 is a number to the spreadsheet, not a formula.
    const text = typeof value === 'string' ? defused(value) : String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [REVIEW_FIELDS.join(','), ...items.map((item) => REVIEW_FIELDS.map((field) => cell(item[field])).join(','))].map((line) => `${line}\r\n`).join('');
}

/**
 * A review queue as JSON Lines.
 *
 * @example
 * ```ts
 * import { createReviewQueue, reviewJsonl } from '@llm/data-quality';
 * const queue = createReviewQueue({ size: 1 });
 * queue.add({ document: { id: 'a', text: 'x' }, kept: true });
 * console.assert(reviewJsonl(queue.items()).startsWith('{"id":"a","verdict":"","note":""'));
 * ```
 */
export function reviewJsonl(items: readonly ReviewItem[]): string {
  return items.map((item) => `${JSON.stringify(Object.fromEntries(REVIEW_FIELDS.map((field) => [field, item[field]])))}\n`).join('');
}
