import { isDigit } from './characters.ts';
import { isChineseId, isLuhn } from './checksums.ts';
import { chainAt, commonSeparator, endsHere, hasShape, startsHere, type NumberChain } from './number-chain.ts';
import { phoneAt } from './phone-numbers.ts';
import type { PiiFinding, PiiKind } from './pii-finding.ts';

/** Prefixes and lengths of ISO/IEC 7812 issuers: from, to, shortest, longest. UnionPay's (62) run from 16 to 19. */
const ISSUERS: readonly (readonly [string, string, number, number])[] = [
  ['34', '34', 15, 15], ['37', '37', 15, 15], ['3528', '3589', 16, 19], ['36', '36', 14, 19], ['300', '305', 16, 19],
  ['4', '4', 13, 13], ['4', '4', 16, 16], ['4', '4', 19, 19], ['51', '55', 16, 16], ['2221', '2720', 16, 16],
  ['6011', '6011', 16, 19], ['60', '60', 16, 19], ['62', '62', 16, 19], ['644', '659', 16, 19], ['81', '81', 16, 19], ['9558', '9558', 19, 19],
];
const CARD_SHAPES: readonly (readonly number[])[] = [[4, 4, 4, 4, 3], [4, 4, 4, 4, 2], [4, 4, 4, 4, 1], [4, 4, 4, 4], [4, 6, 5], [6, 13]];

const hasIssuer = (digits: string): boolean =>
  ISSUERS.some(([from, to, shortest, longest]) => digits.length >= shortest && digits.length <= longest && digits.slice(0, from.length) >= from && digits.slice(0, from.length) <= to);

function cardAt(text: string, chain: NumberChain): number {
  const [first = ''] = chain.groups;
  const shapes = first.length >= 13 && first.length <= 19 ? [[first.length]] : CARD_SHAPES.filter((shape) => hasShape(chain, shape));
  for (const shape of shapes) {
    const separator = commonSeparator(chain, shape.length);
    const end = chain.ends[shape.length - 1] as number;
    const digits = chain.groups.slice(0, shape.length).join('');
    if ((separator === '' || separator === ' ' || separator === '-') && endsHere(text, end) && hasIssuer(digits) && isLuhn(digits)) return end;
  }
  return -1;
}

function chineseIdAt(text: string, chain: NumberChain): number {
  for (const shape of [[18], [17], [6, 8, 4], [6, 8, 3]]) {
    if (!hasShape(chain, shape)) continue;
    const separator = commonSeparator(chain, shape.length);
    if (separator !== '' && separator !== ' ' && separator !== '-') continue;
    const last = chain.ends[shape.length - 1] as number;
    const digits = chain.groups.slice(0, shape.length).join('');
    const id = digits.length === 17 ? digits + (text[last] ?? '') : digits;
    const end = last + id.length - digits.length;
    if (endsHere(text, end) && isChineseId(id)) return end;
  }
  return -1;
}

/** The shape of a US social security number: area not 000, 666 or 900 and up, group not 00, serial not 0000. It has no check. */
function ssnAt(text: string, chain: NumberChain): number {
  const separator = hasShape(chain, [3, 2, 4]) ? commonSeparator(chain, 3) : undefined;
  const [area = '', group, serial] = chain.groups;
  const end = chain.ends[2] ?? -1;
  if ((separator !== '-' && separator !== ' ') || !endsHere(text, end)) return -1;
  return area === '000' || area === '666' || area >= '900' || group === '00' || serial === '0000' ? -1 : end;
}

const CHECKED: readonly (readonly [PiiKind, (text: string, chain: NumberChain) => number])[] = [['chinese_id', chineseIdAt], ['bank_card', cardAt], ['us_ssn', ssnAt]];

function numberAt(text: string, chain: NumberChain): PiiFinding | undefined {
  const phone = phoneAt(text, chain);
  // Nothing but a telephone number has a plus sign before it.
  if (chain.before === '+') return phone && { kind: 'phone', ...phone };
  const { start } = chain;
  const hit = CHECKED.map(([kind, endOf]) => ({ kind, start, end: endOf(text, chain) })).find(({ end }) => end >= 0);
  return hit ?? (phone && { kind: 'phone', ...phone });
}

/** Numbers of persons, cards and telephones; a bounded number of units is looked at for each group of digits. */
export function numberSpans(text: string): PiiFinding[] {
  const found: PiiFinding[] = [];
  for (let at = 0; at < text.length; at++) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let next = at;
    while (isDigit(text.charCodeAt(next))) next++;
    if (startsHere(text, at)) {
      const chain = chainAt(text, at);
      const hit = numberAt(text, chain);
      if (hit) {
        found.push(hit);
        next = hit.end;
      }
    }
    at = next - 1;
  }
  return found;
}
