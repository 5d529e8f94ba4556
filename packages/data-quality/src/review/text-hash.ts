import { hash128 } from '../hash-set-128.ts';
import { textUnits } from '../text-units.ts';

/**
 * 32 hexadecimal digits that tell whether a text is still the same (MurmurHash3 x86 128 of its UTF-16 units): against mistakes, not
 * against forgery.
 *
 * @example
 * ```ts
 * import { textHash } from '@llm/data-quality';
 * console.assert(textHash('a').length === 32 && textHash('a') !== textHash('b'));
 * ```
 */
export function textHash(text: string): string {
  const words = new Uint32Array(4);
  hash128({ units: textUnits(text), length: text.length }, words);
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');
}

/** The same for a text that goes through a spreadsheet or an editor, which may write other ends of lines. */
export function shownHash(text: string): string {
  return textHash(text.replace(/\r\n?/g, '\n'));
}
