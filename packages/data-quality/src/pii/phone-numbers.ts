import { commonSeparator, endsHere, hasShape, type NumberChain } from './number-chain.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

const isMobile = (digits: string): boolean => /^1[3-9][0-9]{9}$/.test(digits);
/** Three-digit area codes (010, 02x) have eight-digit numbers, four-digit ones seven or eight. */
const isLandline = (area: string, number: string): boolean => (/^0(?:10|2[0-9])$/.test(`${area}`) && number.length === 8) || (/^0[3-9][0-9]{2}$/.test(area) && (number.length === 7 || number.length === 8));
const isAmerican = (digits: string): boolean => /^[2-9][0-9]{2}[2-9][0-9]{6}$/.test(digits);
const BRITISH_SHAPES: readonly (readonly number[])[] = [[5, 6], [5, 3, 3], [4, 3, 4], [3, 4, 4], [5, 5], [11]];

/** How many of the first groups make a mainland Chinese number without its country code. */
function chinese(chain: NumberChain, from: number): number {
  const [first = '', second = '', third = ''] = chain.groups.slice(from);
  if (isMobile(first)) return 1;
  if (first.length === 3 && second.length === 4 && third.length === 4 && isMobile(first + second + third)) return 3;
  const area = from === 0 || first.startsWith('0') ? first : `0${first}`;
  if (!isLandline(area, second)) return 0;
  // An extension after a hyphen belongs to the number.
  return third !== '' && third.length <= 5 && chain.separators[from + 1] === '-' ? 3 : 2;
}

function international(chain: NumberChain): number {
  const [code = ''] = chain.groups;
  if (code === '86') {
    const count = chinese(chain, 1);
    return count === 0 ? 0 : count + 1;
  }
  if (code === '1') return isAmerican(chain.groups.slice(1, 4).join('')) && chain.groups[3]?.length === 4 ? 4 : 0;
  let digits = 0;
  let count = 0;
  for (const group of chain.groups) {
    if (digits + group.length > 15) break;
    digits += group.length;
    count++;
  }
  return code.startsWith('0') || digits < 8 ? 0 : count;
}

function national(chain: NumberChain): number {
  const [first = ''] = chain.groups;
  if (first === '86' || first === '0086') {
    const count = chinese(chain, 1);
    if (count > 0) return count + 1;
  }
  if (/^(?:0086|86)1[3-9][0-9]{9}$/.test(first)) return 1;
  const local = chinese(chain, 0);
  if (local > 0) return local;
  const from = first === '1' ? 1 : 0;
  if (hasShape({ ...chain, groups: chain.groups.slice(from) }, [3, 3, 4]) && isAmerican(chain.groups.slice(from, from + 3).join(''))) return from + 3;
  const british = /^0[1237]/.test(first) ? BRITISH_SHAPES.find((shape) => hasShape(chain, shape)) : undefined;
  if (!british || (british.length === 1 && !first.startsWith('07'))) return 0;
  const separator = commonSeparator(chain, british.length);
  return separator === '.' ? 0 : british.length;
}

/**
 * The telephone number whose first digits are those of the chain: `+` and 8 to 15 digits; mainland Chinese mobile and
 * landline numbers with or without 86; North American ones with separators; British ones that start with 0.
 */
export function phoneAt(text: string, chain: NumberChain): Span | undefined {
  const count = chain.before === '+' ? international(chain) : national(chain);
  const end = chain.ends[count - 1];
  if (end === undefined || !endsHere(text, end)) return undefined;
  const opened = chain.before === '+' || (chain.before === '(' && text.slice(chain.start, end).includes(')'));
  return { start: opened ? chain.start - 1 : chain.start, end };
}
