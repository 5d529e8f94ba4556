import { EvalError } from '../eval-error.ts';
import { pythonRegex } from '../regex/python-regex.ts';

export interface ExactMatchOptions {
  /** What these regular expressions of Python match is left out of both texts, one after the other. */
  readonly regexesToIgnore?: readonly string[];
  readonly ignoreCase?: boolean;
  readonly ignorePunctuation?: boolean;
  readonly ignoreNumbers?: boolean;
}

const PUNCTUATION = /[!-/:-@[-`{-~]/g;
const DIGITS = /[0-9]/g;

/**
 * The part of predictions that are their references to the letter, after both lost what is to be ignored. A text for which a pattern
 * takes too many steps equals nothing.
 *
 * @throws RangeError unless there are as many predictions as references.
 *
 * @example
 * ```ts
 * import { exactMatch } from '@llm/eval';
 * const found = exactMatch(['$1,024', 'no'], ['#### 1024', 'yes'], { regexesToIgnore: [',', '\\$', '(?s).*#### '] });
 * if (found !== 0.5) throw new Error('one of two');
 * ```
 */
export function exactMatch(predictions: readonly string[], references: readonly string[], options: ExactMatchOptions = {}): number {
  if (predictions.length !== references.length || predictions.length === 0) throw new RangeError(`exactMatch: expected as many predictions as references, at least one, but found ${predictions.length} and ${references.length}.`);
  const { regexesToIgnore = [], ignoreCase = false, ignorePunctuation = false, ignoreNumbers = false } = options;
  const patterns = regexesToIgnore.map((source) => pythonRegex(source));
  const plain = (text: string): string | undefined => {
    let left = text;
    try {
      for (const pattern of patterns) left = pattern.replace(left, '');
    } catch (error) {
      if (error instanceof EvalError) return undefined;
      throw error;
    }
    if (ignoreCase) left = left.toLowerCase();
    if (ignorePunctuation) left = left.replace(PUNCTUATION, '');
    if (ignoreNumbers) left = left.replace(DIGITS, '');
    // numpy, which compares them there, drops NULs at the end.
    return left.replace(/\0+$/, '');
  };
  const right = predictions.filter((prediction, i) => {
    const found = plain(prediction);
    return found !== undefined && found === plain(references[i]!);
  });
  return right.length / predictions.length;
}
