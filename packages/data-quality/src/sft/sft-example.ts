import { DataError } from '../data-error.ts';

export type SftRole = 'system' | 'user' | 'assistant' | 'tool';

export interface SftTurn {
  readonly role: SftRole;
  readonly content: string;
}

export interface SftExample {
  readonly id: string;
  readonly turns: readonly SftTurn[];
}

/** One measured dimension of one example: 0 is worst, 1 is best, null where it could not be measured. */
export interface SftScore {
  readonly score: number | null;
  /** What spoke against it, or what could not be measured, in words. */
  readonly evidence: readonly string[];
}

const ROLES: Readonly<Record<string, SftRole>> = { system: 'system', user: 'user', human: 'user', assistant: 'assistant', gpt: 'assistant', tool: 'tool', observation: 'tool' };

/** What the first user turn asks for. */
export const instructionOf = ({ turns }: SftExample): string => turns.find(({ role }) => role === 'user')?.content ?? '';
/** What the last assistant turn answers. */
export const answerOf = ({ turns }: SftExample): string => turns.findLast(({ role }) => role === 'assistant')?.content ?? '';

/** Share of checks that hold, and what the others say. */
export function scoreOfChecks(checks: readonly (readonly [holds: boolean, otherwise: string])[]): SftScore {
  return { score: checks.filter(([holds]) => holds).length / checks.length, evidence: checks.filter(([holds]) => !holds).map(([, otherwise]) => otherwise) };
}

/**
 * An example out of a record in one of the usual shapes: Alpaca (`instruction`, `input`, `output`, `system`, `history`), ShareGPT
 * (`conversations` of `from` and `value`), `messages` of `role` and `content`, or `prompt` and `completion`, both text or both messages.
 *
 * Throws DataError E_SFT where the record has none of them, a role is unknown, a system turn is not the first, user and
 * assistant do not alternate from a user turn on (tool turns stand before an assistant turn), or the last turn is not the
 * assistant's.
 *
 * @example
 * ```ts
 * import { toSftExample } from '@llm/data-quality';
 * const { turns } = toSftExample({ instruction: 'Add these.', input: '2 and 3', output: '5' }, { id: 'a' });
 * console.assert(turns.length === 2 && turns[0]?.content === 'Add these.\n2 and 3');
 * ```
 */
export function toSftExample(record: unknown, { id, line }: { readonly id: string; readonly line?: number }): SftExample {
  const fail = (expected: string, found: string): never => {
    throw new DataError('E_SFT', { problem: `toSftExample: expected ${expected} but found ${found}`, remedy: 'Fix the record, or leave it out.', file: id, line });
  };
  if (typeof record !== 'object' || record === null) return fail('an object', record === null ? 'null' : `a ${typeof record}`);
  const fields = record as Readonly<Record<string, unknown>>;
  const turnsOf = (list: readonly unknown[], names: readonly [string, string]): SftTurn[] =>
    list.map((each, i) => {
      const turn = (typeof each === 'object' && each !== null ? each : {}) as Readonly<Record<string, unknown>>;
      const [role, content] = [turn[names[0]], turn[names[1]]];
      if (typeof role !== 'string' || !Object.hasOwn(ROLES, role)) return fail(`a role of ${Object.keys(ROLES).join(', ')} in turn ${i + 1}`, JSON.stringify(role) ?? 'none');
      return typeof content === 'string' ? { role: ROLES[role] as SftRole, content } : fail(`a string in "${names[1]}" of turn ${i + 1}`, typeof content);
    });
  let turns: SftTurn[];
  if (Array.isArray(fields['messages'])) turns = turnsOf(fields['messages'], ['role', 'content']);
  else if (Array.isArray(fields['conversations'])) turns = turnsOf(fields['conversations'], ['from', 'value']);
  else if (typeof fields['instruction'] === 'string' && typeof fields['output'] === 'string') {
    const history = Array.isArray(fields['history']) ? fields['history'] : [];
    const pair = (user: unknown, assistant: unknown): SftTurn[] => (typeof user === 'string' && typeof assistant === 'string' ? [{ role: 'user', content: user }, { role: 'assistant', content: assistant }] : fail('two strings in each entry of "history"', 'something else'));
    const input = typeof fields['input'] === 'string' && fields['input'] !== '' ? `\n${fields['input']}` : '';
    turns = [...history.flatMap((each) => (Array.isArray(each) ? pair(each[0], each[1]) : fail('pairs in "history"', typeof each))), ...pair(fields['instruction'] + input, fields['output'])];
  } else if (typeof fields['prompt'] === 'string' && typeof fields['completion'] === 'string') turns = [{ role: 'user', content: fields['prompt'] }, { role: 'assistant', content: fields['completion'] }];
  else if (Array.isArray(fields['prompt']) && Array.isArray(fields['completion'])) turns = turnsOf([...fields['prompt'], ...fields['completion']], ['role', 'content']);
  else return fail('messages, conversations, instruction and output, or prompt and completion', `fields ${Object.keys(fields).slice(0, 5).join(', ') || 'none'}`);
  const system = fields['system'];
  if (typeof system === 'string' && system !== '' && turns[0]?.role !== 'system') turns.unshift({ role: 'system', content: system });

  let last: SftRole | undefined;
  for (const [i, { role }] of turns.entries()) {
    const follows = role === 'system' ? i === 0 : role === 'user' ? last === undefined || last === 'system' || last === 'assistant' : role === 'tool' ? last === 'assistant' || last === 'tool' : last === 'user' || last === 'tool';
    if (!follows) fail(`turns that alternate, user first`, `${role} after ${last ?? 'nothing'} in turn ${i + 1}`);
    last = role;
  }
  if (last !== 'assistant') fail("the assistant's turn at the end", last ?? 'no turn');
  return { id, turns };
}
