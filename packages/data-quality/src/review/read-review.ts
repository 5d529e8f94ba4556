import { csvRecords } from '../csv-records.ts';
import { DataError } from '../data-error.ts';
import { peek } from '../peek.ts';
import { DEFAULT_MAX_LINE_BYTES, readLines } from '../read-lines.ts';
import { REVIEW_FIELDS, undefused } from './review-csv.ts';
import type { ReviewItem } from './review-item.ts';

/** A line of a queue that came back. */
export interface ReviewedItem extends ReviewItem {
  /** 1-based. */
  readonly line: number;
}

export interface ReadReviewOptions {
  /** CSV instead of JSON Lines. */
  readonly csv?: boolean;
  /** File name, for messages. */
  readonly source?: string;
}

/** Enough to see what stands between columns. */
const HEAD_BYTES = 2000;
const LF = 10;
const NUMBERS = ['measured', 'threshold'] as const;
const NEEDED = ['id', 'hash', 'shownHash', 'text'] as const;

function toItem(fields: Readonly<Record<string, unknown>>, { line, source }: { line: number; source: string | undefined }): ReviewedItem {
  for (const name of NEEDED) {
    if (typeof fields[name] !== 'string') throw new DataError('E_REVIEW', { problem: `readReview: expected the field ${name} but found ${JSON.stringify(fields[name]) ?? 'none'}`, remedy: 'Change only verdict, note and, for edit, text; take the rest from the queue that was exported.', file: source, line });
  }
  const text = (name: keyof ReviewItem): string => (typeof fields[name] === 'string' ? fields[name] : '');
  const item = Object.fromEntries(REVIEW_FIELDS.map((name) => [name, text(name)])) as unknown as Record<keyof ReviewItem, unknown>;
  for (const name of NUMBERS) {
    const given = fields[name];
    const value = typeof given === 'number' ? given : typeof given === 'string' && given !== '' ? Number(given) : null;
    item[name] = value !== null && Number.isFinite(value) ? value : null;
  }
  item.cut = /^true$/i.test(String(fields['cut']));
  return { ...(item as unknown as ReviewItem), verdict: text('verdict').trim().toLowerCase() as ReviewItem['verdict'], line };
}

/**
 * The items of a queue that a reviewer filled in, as JSON Lines or CSV, each with its line. What a spreadsheet adds is taken off: a byte
 * order mark, apostrophes before formulas, semicolons or tabs between columns, capitals in verdicts. `applyReview` checks what they say.
 *
 * Throws DataError E_REVIEW with the line where one is no item of a queue, and what `readCsv` throws for broken CSV.
 *
 * @example
 * ```ts
 * import { createReviewQueue, readReview, reviewCsv } from '@llm/data-quality';
 * const queue = createReviewQueue({ size: 1 });
 * queue.add({ document: { id: 'a', text: 'x' }, kept: true });
 * const file = new Blob([reviewCsv(queue.items()).replace('a,,', 'a,Drop,')]);
 * for await (const { verdict, line } of readReview(file.stream(), { csv: true })) console.assert(verdict === 'drop' && line === 2);
 * ```
 */
export async function* readReview(stream: AsyncIterable<Uint8Array>, { csv = false, source }: ReadReviewOptions = {}): AsyncGenerator<ReviewedItem> {
  const file = source === undefined ? {} : { source };
  if (!csv) {
    let line = 0;
    for await (const text of readLines(stream, file)) {
      line++;
      if (text.trim() === '') continue;
      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch (cause) {
        throw new DataError('E_REVIEW', { problem: 'readReview: expected JSON but found something else', remedy: 'Mend the line: look for a quote or a backslash that was typed into it.', file: source, line, cause });
      }
      if (typeof parsed !== 'object' || parsed === null) throw new DataError('E_REVIEW', { problem: 'readReview: expected an object but found none', remedy: 'Take the line from the queue that was exported.', file: source, line });
      yield toItem(parsed as Record<string, unknown>, { line, source });
    }
    return;
  }
  let seen = 0;
  const { head: chunks, bytes } = await peek(stream, (chunk) => (seen += chunk.length) >= HEAD_BYTES || chunk.includes(LF));
  const decoder = new TextDecoder();
  const head = chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('').slice(0, HEAD_BYTES).split(/\r?\n/, 1)[0] ?? '';
  const delimiter = [',', ';', '\t'].reduce((best, each) => (head.split(each).length > head.split(best).length ? each : best));
  let names: readonly string[] | undefined;
  for await (const record of csvRecords(bytes, { delimiter, maxRecordBytes: DEFAULT_MAX_LINE_BYTES, source })) {
    if (record instanceof DataError) throw record;
    if (!names) {
      names = record.fields.map((name) => name.trim());
      continue;
    }
    const columns = names;
    yield toItem(Object.fromEntries(columns.map((name, i) => [name, undefused(record.fields[i] ?? '')])), { line: record.line, source });
  }
}
