import { describe, expect, test } from 'vitest';

/** A tool of the repository; tools are plain JavaScript. */
const tool = (name: string): Promise<Record<string, (...args: unknown[]) => unknown>> => import(/* @vite-ignore */ new URL(`../../tools/${name}`, import.meta.url).href);

const { violation } = await tool('check-layers.mjs');
const { cycles } = await tool('check-cycles.mjs');
const { hasEffect } = await tool('exports.mjs');
const { imports, packageOf } = await tool('workspace.mjs');

describe('layers', () => {
  test.each([['tensor', 'kernels'], ['model', 'tensor'], ['model', 'tokenizer'], ['pretrain', 'train'], ['lora', 'model'], ['pipeline', 'sft'], ['data-quality', 'kernels']])(
    '%s may import %s', (from, to) => expect(violation!(from, to)).toBeUndefined());
  test.each([['kernels', 'tensor'], ['tokenizer', 'tensor'], ['model', 'train'], ['train', 'model'], ['tensor', 'tokenizer'], ['sft', 'pipeline'], ['testing', 'kernels'], ['model', 'testing'], ['model', 'model']])(
    '%s may not import %s', (from, to) => expect(violation!(from, to)).toBeTypeOf('string'));
  test('a stage never imports another, not even one that nobody listed', () => expect(violation!('sft', 'something-new')).toMatch('stage'));
  test('tests may use what the law allows them and no more', () => {
    expect(violation!('train', 'model', 'test')).toBeUndefined();
    expect(violation!('model', 'train', 'test')).toBeTypeOf('string');
    expect(violation!('model', 'testing', 'test')).toBeUndefined();
  });
});

describe('cycles', () => {
  const graph = (edges: Record<string, string[]>) => new Map(Object.entries(edges));
  test('a diamond has none', () => expect(cycles!(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }))).toEqual([]));
  test('a file that imports itself is one', () => expect(cycles!(graph({ a: ['a'] }))).toEqual([['a', 'a']]));
  test('a cycle behind an innocent file is named without it', () => {
    expect(cycles!(graph({ a: ['b'], b: ['c'], c: ['b'] }))).toEqual([['b', 'c', 'b']]);
  });
});

describe('reading a file', () => {
  const file = (text: string) => ({ path: `${text}.ts`, text });
  test('static, dynamic, type and re-exported imports are found', () => {
    const text = `import a from 'a'; import type { B } from './b.ts'; export { c } from 'c/d'; type E = import('@e/f/g').E; const h = await import('node:h'); // import 'no'`;
    expect(imports!(file(text))).toEqual(['a', './b.ts', 'c/d', '@e/f/g', 'node:h']);
    expect(['a', './b.ts', 'c/d', '@e/f/g', 'node:h'].map((name) => packageOf!(name))).toEqual(['a', undefined, 'c', '@e/f', undefined]);
  });
  test('declarations have no effect; calls and bare imports have', () => {
    expect(hasEffect!(file('import { a } from "a"; export const b = a(); function c() {} type D = 1;'))).toBe(false);
    expect(hasEffect!(file('const a = 1; globalThis.x = a;'))).toBe(true);
    expect(hasEffect!(file('import "a";'))).toBe(true);
    expect(hasEffect!(file('for (const a of []) a();'))).toBe(true);
  });
});
