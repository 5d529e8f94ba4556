import { answerText, contentText, messagesOf, promptText, type RawExample } from '../formats/raw-example.ts';
import type { Finding } from './finding.ts';

export interface LintRecordsOptions {
  /** Text of special tokens, which has no place in a record: `[...tokenizer.specialTokens.keys()]`. */
  readonly specialTokens?: Iterable<string>;
}

/**
 * Looks for records that can be read and are probably wrong: empty prompts or answers, an answer that repeats its prompt, roles out of
 * turn, conversations without an answer or with one missing at the end, duplicates, the same prompt with another answer, and special tokens
 * written as text.
 *
 * @example
 * ```ts
 * import { lintRecords, readExamples } from '@llm/sft';
 * const [finding] = lintRecords(readExamples([{ prompt: 'Why?', completion: ' ' }]));
 * if (finding?.rule !== 'empty-answer' || finding.record !== 0) throw new Error('an empty answer');
 * ```
 */
export function lintRecords(examples: readonly RawExample[], { specialTokens = [] }: LintRecordsOptions = {}): Finding[] {
  const specials = [...specialTokens].filter((token) => token !== '');
  const findings: Finding[] = [];
  const seen = new Map<string, number>();
  const prompts = new Map<string, number>();
  examples.forEach((example, i) => {
    const record = example.index ?? i;
    const add = (rule: string, message: string): void => { findings.push({ rule, record, message }); };
    const [prompt, answer] = [promptText(example), answerText(example)];
    const all = typeof example.completion === 'string' ? prompt + example.completion : messagesOf(example).map(contentText).join('\n');
    if (answer.trim() === '') add('empty-answer', 'the answer is empty');
    else if (answer.trim() === prompt.trim()) add('answer-repeats-prompt', 'the answer is the prompt');
    if (example.prompt !== undefined && prompt.trim() === '') add('empty-prompt', 'the prompt is empty');
    const key = JSON.stringify([example.prompt ?? null, example.completion]);
    const [twin, sibling] = [seen.get(key), prompts.get(prompt)];
    if (twin !== undefined) add('duplicate', `it is the same as record ${twin}`);
    else if (sibling !== undefined && prompt !== '') add('same-prompt', `it asks the same as record ${sibling} and answers otherwise`);
    else prompts.set(prompt, record);
    if (twin === undefined) seen.set(key, record);
    const special = specials.find((token) => all.includes(token));
    if (special !== undefined) add('special-token', `its text has the special token ${special}`);
    lintRoles(example, add);
  });
  return findings;
}

function lintRoles(example: RawExample, add: (rule: string, message: string) => void): void {
  const roles = messagesOf(example).map(({ role }) => role);
  if (roles.length === 0) return;
  if (!roles.includes('assistant')) add('no-answer', 'nobody answers: there is no message of the assistant');
  else if (roles.at(-1) !== 'assistant') add('open-end', `it ends with a message of ${roles.at(-1)}: that one has no answer`);
  if (roles.lastIndexOf('system') > 0) add('late-system', 'a message of the system is not the first');
  const twice = roles.findIndex((role, i) => i > 0 && role === roles[i - 1] && role !== 'tool');
  if (twice > 0) add('role-twice', `messages ${twice - 1} and ${twice} are both of ${roles[twice]}`);
  const first = roles.find((role) => role !== 'system');
  if (first === 'assistant') add('answer-first', 'the assistant speaks before anybody asks');
}
