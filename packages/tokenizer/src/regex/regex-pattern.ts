import { between, type Pattern } from '../aligned/stretches.ts';
import { TokenizerError } from '../tokenizer-error.ts';
import { boundedRegex } from './bounded-regex.ts';
import { RegexError } from './nodes.ts';

/** Steps that a text may take for each of its characters, and in all at least. */
const STEPS_PER_CHARACTER = 512;
const LEAST_STEPS = 2_000_000;
const LONGEST = 10_000;

/**
 * A regular expression of a tokenizer.json, by the rules of Oniguruma, in a bounded number of steps.
 *
 * @throws TokenizerError E_TOKENIZER_REGEX for what is no expression or not supported; a call throws it where the steps run out.
 */
export function regexPattern(source: string): Pattern {
  if (source.length > LONGEST) throw refused(`expected a pattern of at most ${LONGEST} characters but found ${source.length}`);
  const regex = told(() => boundedRegex(source, { dialect: 'oniguruma', maxSteps: (length) => Math.max(LEAST_STEPS, STEPS_PER_CHARACTER * length) }));
  return (text) => {
    const letters = Array.from(text);
    let unit = 0;
    let counted = 0;
    const unitOf = (letter: number): number => {
      while (counted < letter) unit += letters[counted++]!.length;
      return unit;
    };
    return told(() => between(text, function* found() {
      for (const { from, to } of regex.matches(letters)) if (to > from) yield { from: unitOf(from), to: unitOf(to) };
    }()));
  };
}

/** What goes wrong, as an error of tokenizers. */
function told<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw error instanceof RegexError ? refused(error.message) : error;
  }
}

function refused(problem: string): TokenizerError {
  return new TokenizerError('E_TOKENIZER_REGEX', `tokenizerFromJson: ${problem}. Check the pattern, or write a scanner for it as in gpt2-split.ts.`);
}
