import { EvalError } from '../eval-error.ts';
import { strip } from '../python/text.ts';
import { type PythonRegex, pythonRegex } from '../regex/python-regex.ts';
import { eachResponse, type Filter } from './filter.ts';

export interface RegexFilterOptions {
  /** A regular expression of Python; default `#### (\-?[0-9\.\,]+)`. */
  readonly regexPattern?: string;
  /** Which of the matches; default 0, −1 is the last. */
  readonly groupSelect?: number;
  /** What stands for a response without a match; default `[invalid]`. */
  readonly fallback?: string;
}

/** All matches in a response; none where it is no text, or where matching would take too long. */
export function findAllIn(regex: PythonRegex, response: unknown): ReturnType<PythonRegex['findAll']> {
  try {
    return regex.findAll(typeof response === 'string' ? response : '');
  } catch (error) {
    if (error instanceof EvalError) return [];
    throw error;
  }
}

/**
 * What a regular expression finds in each response: the match of that number, its group where there is one, the first group that took
 * part where there are several; without whitespace around.
 */
export function regexFilter({ regexPattern = String.raw`#### (\-?[0-9\.\,]+)`, groupSelect = 0, fallback = '[invalid]' }: RegexFilterOptions = {}): Filter {
  const regex = pythonRegex(regexPattern);
  return eachResponse((response) => {
    const found = findAllIn(regex, response).at(groupSelect);
    if (found === undefined) return fallback;
    return strip(typeof found === 'string' ? found : found.find((group) => group !== '') ?? fallback);
  });
}
