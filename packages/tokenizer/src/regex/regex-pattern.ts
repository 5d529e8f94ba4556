import { between, type Pattern } from '../aligned/stretches.ts';
import { TokenizerError } from '../tokenizer-error.ts';
import { compileRegex } from './compile.ts';
import { RegexError } from './nodes.ts';
import { parseRegex } from './parse.ts';
import { OutOfSteps, runProgram, type Subject } from './run.ts';

/** Steps that a text may take for each of its characters, and in all at least. */
const STEPS_PER_CHARACTER = 512;
const LEAST_STEPS = 2_000_000;
const LONGEST = 10_000;

/**
 * A regular expression of a tokenizer.json, by the rules of Oniguruma. It comes from a stranger, so it is not the engine's own that runs
 * it, which might take forever: every step is counted.
 *
 * @throws TokenizerError E_TOKENIZER_REGEX for what is no expression or not supported; a call throws it where the steps run out.
 */
export function regexPattern(source: string): Pattern {
  if (source.length > LONGEST) throw refused(`a pattern of at most ${LONGEST} characters but found ${source.length}`);
  const { program, slots: size } = compiled(source);
  return (text) => {
    const letters = Array.from(text);
    const subject: Subject = {
      codes: Uint32Array.from(letters, (letter) => letter.codePointAt(0)!), dialect: 'oniguruma', left: Math.max(LEAST_STEPS, STEPS_PER_CHARACTER * letters.length),
    };
    const slots = new Int32Array(size);
    return between(text, function* matches() {
      let unit = 0;
      let counted = 0;
      const unitOf = (letter: number): number => {
        while (counted < letter) unit += letters[counted++]!.length;
        return unit;
      };
      for (let at = 0; at <= letters.length;) {
        slots.fill(-1);
        const to = attempt(at);
        if (to > at) {
          yield { from: unitOf(at), to: unitOf(to) };
          at = to;
        } else at++;
      }
    }());

    function attempt(at: number): number {
      try {
        return runProgram(program, subject, { at, slots });
      } catch (error) {
        if (!(error instanceof OutOfSteps)) throw error;
        throw refused(`${JSON.stringify(source.slice(0, 100))} to be matched within its steps but found more needed`);
      }
    }
  };
}

function compiled(source: string): ReturnType<typeof compileRegex> {
  try {
    const { node, groups } = parseRegex(source, 'oniguruma');
    return compileRegex(node, groups);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw refused(error.message.replace(/^expected /, ''));
  }
}

function refused(problem: string): TokenizerError {
  return new TokenizerError('E_TOKENIZER_REGEX', `tokenizerFromJson: expected ${problem}. Check the pattern, or write a scanner for it as in gpt2-split.ts.`);
}
