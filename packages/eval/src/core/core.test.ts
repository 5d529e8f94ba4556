import { readFile } from 'node:fs/promises';
import { createModel, paramsFromTensors } from '@llm/model';
import { disposeTree, memory, readSafetensors, useDevice } from '@llm/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { evaluateCore, tokenScorer } from './core.ts';
import { type CoreItem, corePrompts } from './core-prompts.ts';
import { coreTasks } from './core-tasks.ts';

const read = (name: string): Promise<Buffer> => readFile(new URL(`fixtures/${name}`, import.meta.url));
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('nanochat', () => {
  beforeAll(async () => { await useDevice('wasm'); });

  test('the same answers, item by item, of each kind', async () => {
    const fixture = JSON.parse((await read('core.json')).toString()) as Record<string, { shots: number; delimiter: string; items: CoreItem[]; right: boolean[] }>;
    const model = createModel({ model_type: 'gpt2', vocab_size: 257, n_positions: 96, n_embd: 16, n_head: 2, n_layer: 1 });
    const params = paramsFromTensors(model, readSafetensors(await read('core.safetensors')).tensors);
    const before = memory().tensors;
    const data = Object.entries(fixture).map(([label, { shots, delimiter, items }]) => ({ task: { ...coreTasks.find((task) => task.label === label)!, shots, delimiter }, items }));
    const { accuracies, centered, core } = await evaluateCore(data, { encode, bosId: 256, score: tokenScorer(model, params) });
    for (const [label, { right }] of Object.entries(fixture)) {
      expect(right.includes(true) && right.includes(false), label).toBe(true);
      expect(accuracies[label], label).toBe(right.filter(Boolean).length / right.length);
    }
    expect(core).toBeCloseTo(((accuracies.arc_easy! - 0.25) / 0.75 + (accuracies.winograd! - 0.5) / 0.5 + accuracies.lambada_openai!) / 3, 12);
    expect(centered.lambada_openai).toBe(accuracies.lambada_openai);
    // Of items that are left out, those before them in the shuffled order stay as they were, examples aside.
    const { accuracies: some } = await evaluateCore(data.slice(1), { encode, bosId: 256, score: tokenScorer(model, params), most: 10 });
    for (const label of ['winograd', 'lambada_openai']) expect(some[label]).toBe(fixture[label]!.right.slice(0, 10).filter(Boolean).length / 10);
    expect(memory().tensors).toBeLessThanOrEqual(before + 2);
    disposeTree(params);
  });
});

test('22 tasks', () => {
  expect(coreTasks).toHaveLength(22);
  expect(new Set(coreTasks.map(({ label }) => label)).size).toBe(22);
  expect(coreTasks.filter(({ kind }) => kind === 'language_modeling').every(({ chance }) => chance === 0)).toBe(true);
});

test('prompts: examples with their answers, then the item', () => {
  const mc = { ...coreTasks[3]!, shots: 1 };
  expect(corePrompts(mc, { query: 'Q2', choices: ['a', 'b'] }, [{ query: 'Q1', choices: ['x', 'y'], gold: 1 }])).toEqual(['Q1\nAnswer: y\n\nQ2\nAnswer: a', 'Q1\nAnswer: y\n\nQ2\nAnswer: b']);
  const lm = coreTasks.find(({ label }) => label === 'squad')!;
  expect(corePrompts(lm, { context: ' C2 ', continuation: 'D' }, [{ context: '\tC1', continuation: 'E' }])).toEqual(['C1 E\n\nC2', 'C1 E\n\nC2 D']);
  const schema = coreTasks.find(({ label }) => label === 'winograd')!;
  expect(corePrompts(schema, { context_options: ['a', 'b'], continuation: 'c' }, [])).toEqual(['a c', 'b c']);
});

describe('what cannot be asked', () => {
  const score = async (pairs: readonly unknown[]) => pairs.map(() => ({ logprob: -1, greedy: true }));
  const ask = (label: string, items: CoreItem[], shots = 0) => evaluateCore([{ task: { ...coreTasks.find((task) => task.label === label)!, shots }, items }], { encode, bosId: 256, score });

  test('items that lack something, too few of them, choices that are the same', async () => {
    await expect(ask('copa', [{ query: 'q' }])).rejects.toMatchObject({ code: 'E_TASK_DATA', message: expect.stringContaining("expected 'choices'") as string });
    await expect(ask('copa', [{ query: 'q', choices: ['a', 'b'], gold: 0 }], 1)).rejects.toThrow(/more than 1 items of copa/);
    await expect(ask('copa', [{ query: 'q', choices: ['a', 'a'], gold: 0 }])).rejects.toThrow(/that differ/);
    await expect(evaluateCore([{ task: coreTasks.find((task) => task.label === 'coqa')!, items: [{ context: 'a', continuation: 'b' }] }], { encode: (text) => encode(text).reverse(), bosId: 1, score })).rejects.toThrow(/begin those of it/);
  });

  test('a choice that another begins with is never taken', async () => {
    const { accuracies } = await ask('copa', [{ query: 'q', choices: ['a', 'ab'], gold: 1 }]);
    expect(accuracies.copa).toBe(1);
  });
});
