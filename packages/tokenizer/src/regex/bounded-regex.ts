import { compileRegex } from './compile.ts';
import { type Dialect, RegexError } from './nodes.ts';
import { parseRegex } from './parse.ts';
import { OutOfSteps, runProgram, type Subject } from './run.ts';

/** A match: its place in code points, and that of each group, −1 where one took no part. */
export interface BoundedMatch {
  readonly from: number;
  readonly to: number;
  /** From, to, from, to, … */
  readonly groups: Int32Array;
}

/** A regular expression that can waste no more than its steps. */
export interface BoundedRegex {
  /** Capturing groups, the whole match not counted. */
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
  /** The matches in a text, given as its characters, from the left; RegexError where the steps run out. */
  matches(letters: readonly string[]): Generator<BoundedMatch, void, undefined>;
}

export interface BoundedRegexOptions {
  /** Whose rules count. */
  readonly dialect: Dialect;
  /** Steps that looking through one text may take, by its length in code points. */
  readonly maxSteps: (length: number) => number;
}

/**
 * Compiles a regular expression by the rules of Python's `re` or of Oniguruma, and counts every step of its matching: a pattern or a
 * text from a stranger can do no more than waste `maxSteps`, which no engine of JavaScript can promise.
 *
 * @throws RegexError for what the dialect would not compile, or what is not supported.
 *
 * @example
 * ```ts
 * import { boundedRegex } from '@llm/tokenizer';
 * const { matches } = boundedRegex('(a+)+$', { dialect: 'python', maxSteps: () => 10_000 });
 * const [match] = matches([...'baaa']);
 * if (match?.from !== 1 || match.to !== 4) throw new Error('the letters at the end');
 * ```
 */
export function boundedRegex(source: string, { dialect, maxSteps }: BoundedRegexOptions): BoundedRegex {
  const { node, groups, names } = parseRegex(source, dialect);
  const { program, slots: size, onlyAt } = compileRegex(node, groups);

  function nextStart(letters: readonly string[], at: number): number {
    if (onlyAt === undefined) return at + 1;
    if (onlyAt === 'text') return letters.length + 1;
    const line = letters.indexOf('\n', at);
    return line < 0 ? letters.length + 1 : line + 1;
  }

  return {
    groups,
    names,
    *matches(letters) {
      const subject: Subject = { codes: Uint32Array.from(letters, (letter) => letter.codePointAt(0)!), dialect, left: maxSteps(letters.length) };
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
        yield { from: at, to, groups: slots.slice(2, 2 * groups + 2) };
        mustMove = to === at;
        at = to;
      }
    },
  };

  function attempt(subject: Subject, from: { at: number; slots: Int32Array; mustMove: boolean }): number {
    try {
      return runProgram(program, subject, from);
    } catch (error) {
      if (!(error instanceof OutOfSteps)) throw error;
      throw new RegexError(`expected ${JSON.stringify(source.slice(0, 100))} to be matched within its steps but found more needed`);
    }
  }
}
