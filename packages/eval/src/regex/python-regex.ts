import { boundedRegex, RegexError } from '@llm/tokenizer';
import { EvalError } from '../eval-error.ts';

/** A match: its text and place in code points, and the texts of its groups, undefined where one took no part. */
export interface RegexMatch {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly groups: readonly (string | undefined)[];
}

/** A compiled regular expression of Python. */
export interface PythonRegex {
  readonly source: string;
  /** The first match anywhere, as `re.search`. */
  search(text: string): RegexMatch | undefined;
  /** What `re.findall` gives: the whole matches, the group where there is one, or lists of groups where there are several. */
  findAll(text: string): (string | string[])[];
  /** What `re.sub` gives; `\1` and `\g<name>` stand for groups. */
  replace(text: string, by: string): string;
}

export interface PythonRegexOptions {
  /** Steps that one call may take; default 5,000,000, which takes less than a second, or 16 for each character where that is more. */
  readonly maxSteps?: number;
}

/**
 * Compiles a regular expression as Python's `re` does, and matches by its rules: code points, classes by Unicode, `$` before a last line
 * end. A pattern or a text from a stranger can do no more than waste `maxSteps`, which no engine of JavaScript can promise.
 *
 * Not supported, and refused: conditions `(?(1)…)`, flags L, and case folding beyond one character.
 *
 * @throws EvalError E_REGEX for what Python would not compile; a call throws it where the steps run out.
 *
 * @example
 * ```ts
 * import { pythonRegex } from '@llm/eval';
 * const answer = pythonRegex(String.raw`#### (\-?[0-9\.\,]+)`);
 * if (answer.findAll('so it is\n#### 1,024').join() !== '1,024') throw new Error('the number after the marks');
 * ```
 */
export function pythonRegex(source: string, { maxSteps }: PythonRegexOptions = {}): PythonRegex {
  const { groups, names, matches: placed } = told(() => boundedRegex(source, { dialect: 'python', maxSteps: (length) => maxSteps ?? Math.max(5_000_000, 64 * length) }));

  function* matches(text: string): Generator<RegexMatch, void, undefined> {
    const letters = Array.from(text);
    const found = placed(letters);
    for (let next = told(() => found.next()); !next.done; next = told(() => found.next())) {
      const { from, to, groups: places } = next.value;
      yield {
        text: letters.slice(from, to).join(''), from, to,
        groups: Array.from({ length: groups }, (_, i) => {
          const [begin, end] = [places[2 * i]!, places[2 * i + 1]!];
          return begin < 0 || end < 0 ? undefined : letters.slice(begin, end).join('');
        }),
      };
    }
  }

  const filled = (by: string, { text: whole, groups: found }: RegexMatch): string => by.replace(/\\(?:g<([^>]+)>|(\d{1,2})|(.))/gsu, (_, name: string | undefined, digits: string | undefined, letter: string | undefined) => {
    if (letter !== undefined) return letter === 'n' ? '\n' : letter === 't' ? '\t' : letter === '\\' ? '\\' : `\\${letter}`;
    const index = digits === undefined ? (/^\d+$/.test(name!) ? Number(name) : names.get(name!)) : Number(digits);
    if (index === undefined || index > groups) throw new EvalError('E_REGEX', `pythonRegex: expected a group ${digits ?? name} but found ${groups} of them. Check the replacement.`);
    return index === 0 ? whole : found[index - 1] ?? '';
  });

  return {
    source,
    search: (text) => matches(text).next().value ?? undefined,
    findAll: (text) => Array.from(matches(text), ({ text: whole, groups: found }) => (groups === 0 ? whole : groups === 1 ? found[0] ?? '' : found.map((each) => each ?? ''))),
    replace(text, by) {
      const letters = Array.from(text);
      let done = 0;
      let out = '';
      for (const match of matches(text)) {
        out += letters.slice(done, match.from).join('') + (by.includes('\\') ? filled(by, match) : by);
        done = match.to;
      }
      return out + letters.slice(done).join('');
    },
  };
}

/** What goes wrong with an expression, as an error of evaluations. */
function told<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw new EvalError('E_REGEX', `pythonRegex: ${error.message}. Check the pattern with Python's re, and write it without nested repetitions.`);
  }
}
