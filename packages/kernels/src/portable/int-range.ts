/**
 * The least and the greatest value that a whole-number expression can have, as JavaScript reckons it. A device holds the low
 * 32 bits, so that bitwise operators agree in any case, and arithmetic where the range fits.
 */
export interface IntRange {
  readonly min: number;
  readonly max: number;
}

export const INT32: IntRange = { min: -(2 ** 31), max: 2 ** 31 - 1 };
/** What a 32-bit float holds exactly. */
export const EXACT_FLOAT: IntRange = { min: -(2 ** 24), max: 2 ** 24 };

/** Whether every value of `range` lies in `limits`. */
export const isWithin = ({ min, max }: IntRange, limits: IntRange): boolean => min >= limits.min && max <= limits.max;

const spanOf = (values: readonly number[]): IntRange => ({ min: Math.min(...values), max: Math.max(...values) });

/** The values of a + b, a − b or a · b; undefined where JavaScript itself would round. */
export function arithmeticRange(operator: '+' | '-' | '*', a: IntRange, b: IntRange): IntRange | undefined {
  const range = operator === '+' ? { min: a.min + b.min, max: a.max + b.max }
    : operator === '-' ? { min: a.min - b.max, max: a.max - b.min }
    : spanOf([a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max]);
  return isWithin(range, { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }) ? range : undefined;
}

/** All ones up to the highest bit of a number that is not negative. */
const filled = (value: number): number => 2 ** (32 - Math.clz32(value)) - 1;

/** The values of a bitwise operator on 32-bit integers; `b` of a shift is the number of bits. */
export function bitwiseRange(operator: string, a: IntRange, b: IntRange): IntRange {
  const fits = isWithin(a, INT32);
  const positive = ({ min, max }: IntRange): boolean => min >= 0 && max <= INT32.max;
  const shift = b.min === b.max ? b.min : undefined;
  switch (operator) {
    case '&': {
      const masks = [a, b].filter(positive);
      return masks.length === 0 ? INT32 : { min: 0, max: Math.min(...masks.map(({ max }) => max)) };
    }
    case '|':
    case '^': return positive(a) && positive(b) ? { min: 0, max: filled(Math.max(a.max, b.max)) } : INT32;
    case '<<': {
      const range = shift === undefined ? INT32 : { min: a.min * 2 ** shift, max: a.max * 2 ** shift };
      return isWithin(range, INT32) ? range : INT32;
    }
    case '>>': {
      const whole = fits ? a : INT32;
      return shift === undefined ? { min: Math.min(0, whole.min), max: Math.max(0, whole.max) } : { min: whole.min >> shift, max: whole.max >> shift };
    }
    default: {
      const top = positive(a) ? a.max : 2 ** 32 - 1;
      return { min: 0, max: shift === undefined ? top : Math.floor(top / 2 ** shift) };
    }
  }
}
