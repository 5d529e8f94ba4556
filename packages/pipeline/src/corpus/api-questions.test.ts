import { expect, test } from 'vitest';
import type { ApiPair } from './api-pairs.ts';
import { apiQuestions, kindOf, returned } from './api-questions.ts';

test.each([
  ['function f(a: string): void', 'nothing', 'a function'], ['isX(a: unknown): a is X', 'true or false', 'a method'], ['static size(): number', 'a number', 'a static method'],
  ['name(): string', 'text', 'a method'], ['read(cb: (x: number) => void): Promise<Buffer>', 'a promise', 'a method'], ['odd(): Map<string, number>', undefined, 'a method'], ['f()', undefined, 'a method'],
])('%s returns %s and is %s', (signature, gives, is) => {
  expect([returned(signature), kindOf(signature)]).toEqual([gives, is]);
});

const TYPES = ['void', 'boolean', 'number', 'string', 'Promise<void>', 'Map<string, string>'];
const pairs: ApiPair[] = Array.from({ length: 600 }, (_, i) => ({
  signature: `${i % 3 === 0 ? 'function ' : ''}name${i}(): ${TYPES[i % 6]!}`, description: `Describes ${'very '.repeat(i % 9)}well what number ${i} does.`,
}));

test('declarations stand on one side only, kinds of values are equally many, and the seed decides all', () => {
  const made = apiQuestions(pairs, { seed: 3, most: 200, few: 20, held: 40 });
  expect([made.heldInstructions.length, made.heldQuestions.length]).toEqual([40, 40]);
  const signatureOf = (content: string): string => content.split('\n')[1]!;
  const told = new Set(made.instructions.map(({ messages: [{ content }] }) => content));
  expect(told.size).toBe(made.instructions.length);
  const learned = new Set(made.instructions.map(({ messages: [{ content }] }) => signatureOf(content)));
  for (const record of [...made.heldInstructions, ...made.heldQuestions]) expect(learned.has(signatureOf(record.messages[0].content))).toBe(false);
  const answers = new Map<string, number>();
  for (const { messages: [, { content }] } of [...made.questions, ...made.heldQuestions, ...made.instructions.filter(({ messages: [{ content }] }) => content.startsWith('What does this return?'))]) answers.set(content, (answers.get(content) ?? 0) + 1);
  expect(answers.size).toBe(5);
  expect(new Set(answers.values()).size).toBe(1);
  for (const { chosen: [{ content: good }], rejected: [{ content: bad }] } of made.comparisons) expect(bad.split(' ').length - good.split(' ').length).toBeGreaterThanOrEqual(3);
  expect(apiQuestions(pairs, { seed: 3, most: 200, few: 20, held: 40 })).toEqual(made);
  expect(apiQuestions(pairs, { seed: 4, most: 200, few: 20, held: 40 })).not.toEqual(made);
});
