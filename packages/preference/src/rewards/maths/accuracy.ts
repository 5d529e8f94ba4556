import type { Prompt } from '../../online/round.ts';
import type { Reward } from '../reward.ts';
import { extractAnswer } from './extract-answer.ts';
import type { MathsChecker } from './maths-checker.ts';

export interface AccuracyOptions<P extends Prompt> {
  readonly maths: MathsChecker;
  /** The right answer to a prompt, in LaTeX or words; undefined where it is not known, about which the reward says nothing. */
  readonly reference: (prompt: P) => string | undefined;
  /** Default `extractAnswer`. */
  readonly extract?: (text: string) => string | undefined;
  /** What ends the thought: only what follows the last of it counts, and an answer without gets 0. Default: all of the text counts. */
  readonly after?: string;
}

/** 1 for an answer that is mathematically the reference, else 0; an answer that cannot be found is wrong. */
export function accuracy<P extends Prompt>({ maths, reference, extract = extractAnswer, after }: AccuracyOptions<P>): Reward<P> {
  return async ({ text, prompt }) => {
    const known = reference(prompt);
    if (known === undefined) return undefined;
    if (after !== undefined && !text.includes(after)) return 0;
    const said = extract(after === undefined ? text : text.slice(text.lastIndexOf(after) + after.length));
    return said === undefined ? 0 : Number(await maths.equal(said, extractAnswer(known) ?? known));
  };
}
