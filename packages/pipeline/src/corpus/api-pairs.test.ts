import fc from 'fast-check';
import { processorMilliseconds } from '@llm/testing/node';
import { expect, test } from 'vitest';
import { apiPairs } from './api-pairs.ts';


const pairsOf = (text: string): string[] => [...apiPairs(text)].map(({ signature, description }) => `${signature} → ${description}`);

test('a declaration with what its comment says first', () => {
  expect(pairsOf(`
/**
 * Reads a whole **file** into a {@link Buffer}. Fails where there is none.
 *
 * @param path where
 */
export declare function readFile(path: string): Promise<Buffer>;
/** Merges two \`options\` objects */
    merge(a: Options, b?: Options): Options;
/** Numbers from a to b. */
static range<T>(a: number, b: number): T[] {
`)).toEqual([
    'function readFile(path: string): Promise<Buffer> → Reads a whole file into a Buffer.',
    'merge(a: Options, b?: Options): Options → Merges two options objects.',
    'static range<T>(a: number, b: number): T[] → Numbers from a to b.',
  ]);
});

test.each([
  '/** The width in pixels. */\nwidth: number;',
  '/** @internal */\nfn(): void;',
  '/** Too short */\nfn(): void;',
  '/** lower case begins no sentence here. */\nfn(): void;',
  '/** Gives the naïve answer to it. */\nfn(): void;',
  `/** ${'Word '.repeat(30)}. */\nfn(): void;`,
  `/** Takes very much at once. */\nfn(${'a: string, '.repeat(20)}): void;`,
  '/** Nothing stands below this comment. */',
])('%j gives none', (text) => {
  expect(pairsOf(text)).toEqual([]);
});

test('any text at all: linear time, and only single lines come out', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom('/**', '*/', '\n', ' * ', 'fn(', ')', 'A word or two. ', '@x', '{@link '), { maxLength: 400 }), (parts) => {
    for (const { signature, description } of apiPairs(parts.join(''))) expect(`${signature}${description}`).not.toContain('\n');
  }));
  const started = processorMilliseconds();
  expect(pairsOf('/** a'.repeat(20_000))).toEqual([]);
  expect(processorMilliseconds() - started).toBeLessThan(2000);
});
