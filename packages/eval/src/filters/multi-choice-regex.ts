import { EvalError } from '../eval-error.ts';
import { strip } from '../python/text.ts';
import { type PythonRegex, pythonRegex } from '../regex/python-regex.ts';
import type { Filter } from './filter.ts';
import { findAllIn, type RegexFilterOptions } from './regex-filter.ts';

export interface MultiChoiceRegexOptions extends RegexFilterOptions {
  readonly ignoreCase?: boolean;
  readonly ignorePunctuation?: boolean;
  /** What these match is left out before a choice is looked for. */
  readonly regexesToIgnore?: readonly string[];
}

const escaped = (text: string): string => text.replace(/[-[\]{}()*+?.\\^$|#\s&~]/gu, '\\$&');

/**
 * The letter that a response chooses, as `(A)`: by the regular expression; else by the text of one of the document's `choices`; else by a
 * letter after a colon.
 *
 * @throws EvalError E_TASK_DATA for a document without choices.
 */
export function multiChoiceRegex({ regexPattern = String.raw`#### (\-?[0-9\.\,]+)`, groupSelect = 0, fallback = '[invalid]', ignoreCase = false, ignorePunctuation = false, regexesToIgnore = [] }: MultiChoiceRegexOptions = {}): Filter {
  const regex = pythonRegex(regexPattern);
  const ignored = regexesToIgnore.map((source) => pythonRegex(source));
  const plain = (text: string): string => {
    let left = ignored.reduce((now, pattern) => pattern.replace(now, ''), text);
    if (ignoreCase) left = left.toLowerCase();
    return ignorePunctuation ? left.replace(/\p{P}/gu, '') : left;
  };
  // A response on which a pattern takes too long chooses nothing.
  const plainOrNothing = (response: unknown): string => {
    try {
      return typeof response === 'string' ? plain(response) : '';
    } catch (error) {
      if (error instanceof EvalError) return '';
      throw error;
    }
  };
  const find = (by: PythonRegex, text: unknown, meanings?: ReadonlyMap<string, string>): string => {
    const match = findAllIn(by, text).at(groupSelect);
    if (match === undefined) return '';
    const found = strip(typeof match === 'string' ? match : match.find((group) => group !== '') ?? '');
    return meanings?.get(found) ?? found;
  };
  return (all, docs) => all.map((responses, i) => {
    const { choices } = docs[i]!;
    if (!Array.isArray(choices) || !choices.every((choice) => typeof choice === 'string')) throw new EvalError('E_TASK_DATA', `multi_choice_regex: expected documents with a list of choices but found ${JSON.stringify(choices)}. Use the filter regex.`);
    const letters = choices.map((_, at) => String.fromCharCode(65 + at));
    const texts = choices.map((choice: string) => plain(strip(choice)));
    // The longest first, so that one that begins another does not hide it.
    const byText = pythonRegex(texts.map(escaped).toSorted((a, b) => b.length - a.length).join('|'));
    const byLetter = pythonRegex(`:[\\s]*(${letters.join('|')})`);
    const meanText = new Map(texts.map((text, at) => [text, `(${letters[at]})`]));
    const meanLetter = new Map(letters.map((letter) => [letter, `(${letter})`]));
    return responses.map((response) => find(regex, response) || find(byText, plainOrNothing(response), meanText) || find(byLetter, response, meanLetter) || fallback);
  });
}
