import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Reward, softOverlong, thinkFormat } from '@llm/preference';
import { CliError, UsageError } from '../cli/cli-error.ts';
import type { Question } from './questions.ts';

/** Worth less than any number of words. */
const UNFINISHED = -1000;

/** Rewards by name; anything else is a module of the user's. */
const REWARDS: Readonly<Record<string, (options: { maxTokens: number }) => Reward<Question>>> = {
  exact: () => ({ text, prompt: { answer }, reason }) => (answer === undefined ? undefined : Number(reason === 'eos' && text.trim() === answer.trim())),
  contains: () => ({ text, prompt: { answer } }) => (answer === undefined ? undefined : Number(text.includes(answer.trim()))),
  think: () => thinkFormat,
  'fewer-words': () => ({ text, reason }) => (reason === 'eos' && text.trim() !== '' ? -text.trim().split(/\s+/).length : UNFINISHED),
  summary: () => ({ text, reason }) => {
    const words = text.trim().split(/\s+/).length;
    return Number(reason === 'eos' && words >= 3 && words <= 6 && /^[A-Z].*\.$/.test(text.trim()));
  },
  brief: ({ maxTokens }) => softOverlong({ maxTokens, margin: Math.max(1, Math.floor(maxTokens / 4)) }),
};
export const REWARD_NAMES: readonly string[] = Object.keys(REWARDS);

/** A reward by name, or the default export of a module: `({ text, prompt: { record, answer } }) => number`. */
export async function rewardOf(name: string, { cwd, maxTokens }: { cwd: string; maxTokens: number }): Promise<Reward<Question>> {
  const known = REWARDS[name];
  if (known !== undefined) return known({ maxTokens });
  if (!/[./\\]/.test(name)) throw new UsageError(`llm: expected --reward to be one of ${REWARD_NAMES.join(', ')} or a module but found ${name}.`);
  const loaded = await import(pathToFileURL(resolve(cwd, name)).href).catch((cause: unknown) => { throw new CliError('E_REWARD', `llm: expected a module with a reward at ${name} but it could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause }); }) as { default?: unknown };
  if (typeof loaded.default !== 'function') throw new CliError('E_REWARD', `llm: expected ${name} to export a function as its default but found ${typeof loaded.default}. Write: export default ({ text, prompt }) => 1`);
  return loaded.default as Reward<Question>;
}
