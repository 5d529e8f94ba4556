import { expect, test } from 'vitest';
import type { ApiPair } from './api-pairs.ts';
import { apiQuestions, kindOf } from './api-questions.ts';

test.each([['function f(a: string): void', 'a function'], ['isX(a: unknown): a is X', 'a method'], ['static size(): number', 'a static method']])('%s is %s', (signature, is) => {
  expect(kindOf(signature)).toBe(is);
});

const pairs: ApiPair[] = Array.from({ length: 600 }, (_, i) => ({
  signature: `${i % 3 === 0 ? 'function ' : ''}name${i}(): void`, description: `Describes ${'very '.repeat(i % 9)}well what number ${i} does.`,
}));

test('declarations stand on one side only, of two descriptions the shorter is better, and the seed decides all', () => {
  const made = apiQuestions([...pairs, ...pairs], { seed: 3, most: 300, held: 40 });
  expect([made.instructions.length, made.heldInstructions.length, made.tasks.length, made.heldTasks.length]).toEqual([400, 40, 300, 40]);
  const signatureOf = ({ messages: [{ content }] }: { messages: readonly { content: string }[] } & { messages: readonly [{ content: string }, ...unknown[]] }): string => content.split('\n')[0]!;
  const learned = new Set([...made.instructions, ...made.tasks].map(signatureOf));
  for (const record of [...made.heldInstructions, ...made.heldTasks]) expect(learned.has(signatureOf(record))).toBe(false);
  for (const { chosen: [{ content: good }], rejected: [{ content: bad }] } of made.comparisons) expect(bad.split(' ').length - good.split(' ').length).toBeGreaterThanOrEqual(3);
  expect(apiQuestions(pairs, { seed: 3, most: 300, held: 40 })).toEqual(made);
  expect(apiQuestions(pairs, { seed: 4, most: 300, held: 40 })).not.toEqual(made);
});
