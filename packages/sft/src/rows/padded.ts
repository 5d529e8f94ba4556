import { SFT_DEFAULTS } from '../defaults.ts';
import { type Example, targetsOf } from '../examples/example.ts';
import { SftError } from '../sft-error.ts';
import type { Row } from './row.ts';
import { keepStart, type Truncation } from './truncation.ts';

export interface PaddedOptions {
  /** Tokens per row at most; default 1024. */
  readonly maxLength?: number;
  /** What is kept of a longer example; default its first tokens. */
  readonly truncation?: Truncation;
}

export interface PaddedRows {
  readonly rows: readonly Row[];
  /** How many examples were cut. */
  readonly truncated: number;
  /** The examples of which nothing is left to learn, which are left out. */
  readonly dropped: readonly Example[];
}

/**
 * One example a row; a batch is padded to its longest.
 *
 * @throws SftError E_MASK where nothing is left to learn in any of them, E_EMPTY for no examples.
 *
 * @example
 * ```ts
 * import { padded, plainExample } from '@llm/sft';
 * const { rows, truncated } = padded([plainExample([1, 2, 3, 4]), plainExample([5, 6])], { maxLength: 3 });
 * if (rows.length !== 2 || rows[0]![0]!.ids.join() !== '1,2,3' || truncated !== 1) throw new Error('the first was cut');
 * ```
 */
export function padded(examples: Iterable<Example>, { maxLength = SFT_DEFAULTS.maxLength, truncation = keepStart }: PaddedOptions = {}): PaddedRows {
  if (!Number.isSafeInteger(maxLength) || maxLength < 2) throw new RangeError(`padded: expected maxLength to be a whole number from 2 on but found ${maxLength}.`);
  const rows: Row[] = [];
  const dropped: Example[] = [];
  let truncated = 0;
  for (const example of examples) {
    truncated += Number(example.ids.length > maxLength);
    const kept = truncation(example, maxLength);
    // TRL keeps an example whose first token alone has a label; that token is no target either.
    if (targetsOf(kept) > 0) rows.push([kept]);
    else dropped.push(example);
  }
  if (rows.length + dropped.length === 0) throw new SftError('E_EMPTY', 'padded: expected examples but found none. Check the file and the filters');
  if (rows.length === 0) {
    throw new SftError('E_MASK', `padded: expected something to learn within ${maxLength} tokens but found nothing in any of ${dropped.length} examples. Raise maxLength, keep the end instead of the start, or check the mask`);
  }
  return { rows, truncated, dropped };
}
