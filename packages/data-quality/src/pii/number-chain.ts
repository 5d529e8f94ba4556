import { digitsFrom, isAlphanumeric, isDigit } from './characters.ts';

/** Groups of digits that follow one another with a short separator between: `+86 138-0013-8000` is three. */
export interface NumberChain {
  readonly start: number;
  /** The unit before the first group, '' at the start of the text. */
  readonly before: string;
  readonly groups: readonly string[];
  /** What stands after each group but the last. */
  readonly separators: readonly string[];
  /** Where each group ends. */
  readonly ends: readonly number[];
}

/** The longest thing looked for has 19 digits; a longer run of digits is none of it. */
const MOST_DIGITS = 19;
const MOST_GROUPS = 6;
const SEPARATOR_UNITS = ' -.()\u00a0';

/** The separator at `at`: one unit, or two that are not the same; '' where there is no digit behind it. */
function separatorAt(text: string, at: number): string {
  for (let length = 1; length <= 2; length++) {
    const unit = text[at + length - 1];
    if (unit === undefined || !SEPARATOR_UNITS.includes(unit) || (length === 2 && unit === text[at])) return '';
    if (isDigit(text.charCodeAt(at + length))) return text.slice(at, at + length);
  }
  return '';
}

/** The chain whose first group starts at `start`; a bounded number of units is looked at. */
export function chainAt(text: string, start: number): NumberChain {
  const groups: string[] = [];
  const separators: string[] = [];
  const ends: number[] = [];
  for (let at = start; groups.length < MOST_GROUPS; ) {
    const length = digitsFrom(text, at, MOST_DIGITS + 1);
    groups.push(text.slice(at, at + length));
    ends.push(at + length);
    const separator = separatorAt(text, at + length);
    if (length > MOST_DIGITS || separator === '') break;
    separators.push(separator);
    at += length + separator.length;
  }
  return { start, before: text[start - 1] ?? '', groups, separators: separators.slice(0, groups.length - 1), ends };
}

/** Whether the first `count` groups have these lengths. */
export function hasShape(chain: NumberChain, lengths: readonly number[]): boolean {
  return lengths.every((length, i) => chain.groups[i]?.length === length);
}

/** The one separator between the first `count` groups, or undefined where they differ; '' for a single group. */
export function commonSeparator({ separators }: NumberChain, count: number): string | undefined {
  const [first = ''] = separators;
  if (count === 1) return '';
  return separators.slice(0, count - 1).every((separator) => separator === first) ? first : undefined;
}

/** Whether a number may end at `end`: no letter or digit follows, nor a hyphen or dot with a digit behind it. */
export function endsHere(text: string, end: number): boolean {
  const unit = text.charCodeAt(end);
  if (isAlphanumeric(unit)) return false;
  return !((unit === 0x2d || unit === 0x2e) && isDigit(text.charCodeAt(end + 1)));
}

/** Whether a number may start at `start`, by the same rule to the left. */
export function startsHere(text: string, start: number): boolean {
  const unit = text.charCodeAt(start - 1);
  if (isAlphanumeric(unit) || unit === 0x5f) return false;
  return !((unit === 0x2d || unit === 0x2e) && isDigit(text.charCodeAt(start - 2)));
}
