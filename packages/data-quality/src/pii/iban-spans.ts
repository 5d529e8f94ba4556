import { isAlphanumeric, isDigit } from './characters.ts';
import { ibanLength, isIban } from './checksums.ts';
import type { PiiFinding } from './pii-finding.ts';

const isCapital = (unit: number): boolean => unit >= 0x41 && unit <= 0x5a;

/** IBANs in capitals, in one piece or in fours with single spaces; each starting place costs at most 41 units. */
export function ibanSpans(text: string): PiiFinding[] {
  const found: PiiFinding[] = [];
  for (let start = 0; start + 15 <= text.length; start++) {
    if (!isCapital(text.charCodeAt(start)) || !isCapital(text.charCodeAt(start + 1)) || !isDigit(text.charCodeAt(start + 2)) || !isDigit(text.charCodeAt(start + 3))) continue;
    if (start > 0 && isAlphanumeric(text.charCodeAt(start - 1))) continue;
    const length = ibanLength(text.slice(start, start + 2));
    let iban = '';
    let end = start;
    while (iban.length < length) {
      if (iban.length % 4 === 0 && iban !== '' && text[end] === ' ') end++;
      const unit = text.charCodeAt(end);
      if (!isCapital(unit) && !isDigit(unit)) break;
      iban += text[end++];
    }
    if (length === 0 || iban.length < length || isAlphanumeric(text.charCodeAt(end)) || !isIban(iban)) continue;
    found.push({ kind: 'iban', start, end });
    start = end - 1;
  }
  return found;
}
