import { isIban } from '../pii/checksums.ts';
import { writtenIbans } from './written-ibans.ts';

/** What can be wrong with the characters of a text, or with a number in it that checks itself. */
export type Damage = 'replacementCharacters' | 'mojibake' | 'controlCharacters' | 'loneSurrogates' | 'wrongIdentifiers';

export const DAMAGES: readonly Damage[] = ['replacementCharacters', 'mojibake', 'controlCharacters', 'loneSurrogates', 'wrongIdentifiers'];

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u0084\u0086-\u009f]/;
const SURROGATE = /\p{Cs}/u;
/** What Windows-1252 makes of the second and later bytes of a character in UTF-8. */
const LATER = '[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]';
/** Two, three and four bytes. A small letter with an accent that ends a word before two marks is no damage, so nothing may stand before it. */
const MISREAD = new RegExp(`[\u00c2-\u00de]${LATER}|â€${LATER}|ï»¿|(?<![A-Za-z])[\u00e0-\u00ef]${LATER}{2}|ð${LATER}{3}`, 'g');
const LEAST_MISREAD = 3;

/** At least three characters that are UTF-8 read as Windows-1252, and half of all that is not ASCII belongs to such. */
function isMojibake(text: string): boolean {
  const found = text.match(MISREAD);
  if (!found || found.length < LEAST_MISREAD) return false;
  const units = found.reduce((sum, { length }) => sum + length, 0);
  return units >= 0.5 * (text.match(/[^\u0000-\u007f]/g)?.length ?? 0);
}

const ISBN = /\bISBN(?:-1[03])?:?\s{0,3}([\d][\d -]{7,18}[\dXx])(?![\dXx])/g;

function isIsbn(written: string): boolean {
  const digits = [...written.replace(/[ -]/g, '').toUpperCase()].map((digit) => (digit === 'X' ? 10 : Number(digit)));
  if (digits.length === 10) return digits.reduce((sum, digit, i) => sum + (10 - i) * digit, 0) % 11 === 0;
  // Of any other length it is not the whole number that was caught, and nothing can be said of it.
  return digits.length !== 13 || digits.reduce((sum, digit, i) => sum + (i % 2 === 0 ? 1 : 3) * digit, 0) % 10 === 0;
}

/**
 * What is damaged in a text: U+FFFD; characters that are UTF-8 read as Windows-1252 (three at least, and half of all that is not
 * ASCII); control characters other than tab, line feed, form feed, return and next line; lone surrogates; and numbers written after
 * `ISBN` or `IBAN` whose check digit is wrong.
 *
 * @example
 * ```ts
 * import { textDamage } from '@llm/data-quality';
 * console.assert(textDamage('dÃ©jÃ\u00a0 vu, dÃ©sormais').join() === 'mojibake');
 * console.assert(textDamage('ISBN 978-0-306-40615-8').join() === 'wrongIdentifiers' && textDamage('ISBN 978-0-306-40615-7').length === 0);
 * ```
 */
export function textDamage(text: string): Damage[] {
  const damage: Damage[] = [];
  if (text.includes('\ufffd')) damage.push('replacementCharacters');
  if (isMojibake(text)) damage.push('mojibake');
  if (CONTROL.test(text)) damage.push('controlCharacters');
  if (SURROGATE.test(text)) damage.push('loneSurrogates');
  const wrong = [...text.matchAll(ISBN)].some(([, number]) => !isIsbn(number as string)) || writtenIbans(text).some((number) => !isIban(number));
  if (wrong) damage.push('wrongIdentifiers');
  return damage;
}
