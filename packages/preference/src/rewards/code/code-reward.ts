import type { Prompt } from '../../online/round.ts';
import type { Reward } from '../reward.ts';
import type { CodeCase, CodeSandbox, CodeVerdict } from './code-sandbox.ts';

/** The last fenced block of a text that names no other language than JavaScript; all of it where there is none. */
export function codeBlock(text: string): string {
  const blocks = [...text.matchAll(/```(\w*)[^\n]*\n([\s\S]*?)```/g)].filter(([, language]) => /^(js|javascript|mjs)?$/i.test(language!));
  return blocks.at(-1)?.[2] ?? text;
}

export interface CodeRewardOptions<P extends Prompt> {
  readonly sandbox: CodeSandbox;
  /** The function that the answer shall define, and the calls that it must answer. */
  readonly task: (prompt: P) => { readonly entry: string; readonly cases: readonly CodeCase[] };
  /** Default `codeBlock`. */
  readonly extract?: (text: string) => string;
  /** Receives each verdict with its reason. */
  readonly onVerdict?: (verdict: CodeVerdict, prompt: P) => void;
}

/** The share of cases that the program in an answer gets right, in a sandbox; 0 where it does not run to its end. */
export function codeReward<P extends Prompt>({ sandbox, task, extract = codeBlock, onVerdict }: CodeRewardOptions<P>): Reward<P> {
  return async ({ text, prompt }) => {
    const verdict = await sandbox.grade(extract(text), task(prompt));
    onVerdict?.(verdict, prompt);
    return verdict.score;
  };
}
