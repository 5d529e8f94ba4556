import { EvalError } from '../eval-error.ts';
import { compileRegex } from './compile.ts';
import { parseRegex } from './parse.ts';
import { OutOfSteps, runProgram, type Subject } from './run.ts';

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
  const { node, groups, names } = parseRegex(source);
  const { program, slots: size, onlyAt } = compileRegex(node, groups);

  function* matches(text: string): Generator<RegexMatch, void, undefined> {
    const letters = Array.from(text);
    const subject: Subject = { codes: Uint32Array.from(letters, (letter) => letter.codePointAt(0)!), left: maxSteps ?? Math.max(5_000_000, 16 * letters.length) };
    const slots = new Int32Array(size);
    // As Python does: where an empty match was, the next one must not be empty.
    let mustMove = false;
    for (let at = 0; at <= letters.length;) {
      slots.fill(-1);
      const to = attempt(subject, { at, slots, mustMove });
      if (to < 0) {
        at = mustMove ? at + 1 : nextStart(letters, at);
        mustMove = false;
        continue;
      }
      yield {
        text: letters.slice(at, to).join(''), from: at, to,
        groups: Array.from({ length: groups }, (_, i) => {
          const [from, end] = [slots[2 * i + 2]!, slots[2 * i + 3]!];
          return from < 0 || end < 0 ? undefined : letters.slice(from, end).join('');
        }),
      };
      mustMove = to === at;
      at = to;
    }
  }

  function attempt(subject: Subject, from: { at: number; slots: Int32Array; mustMove: boolean }): number {
    try {
      return runProgram(program, subject, from);
    } catch (error) {
      if (!(error instanceof OutOfSteps)) throw error;
      throw new EvalError('E_REGEX', `pythonRegex: expected ${JSON.stringify(source.slice(0, 100))} to be matched within its steps but found more needed. Write the pattern without nested repetitions.`);
    }
  }

  function nextStart(letters: readonly string[], at: number): number {
    if (onlyAt === undefined) return at + 1;
    if (onlyAt === 'text') return letters.length + 1;
    const line = letters.indexOf('\n', at);
    return line < 0 ? letters.length + 1 : line + 1;
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
