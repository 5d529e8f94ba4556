// Process rewards beside TRL 0.24's PRMTrainer, from fixtures/bco-and-prm.json.
import { readFileSync } from 'node:fs';
import { createModel } from '@llm/model';
import { disposeTree, div, reshape, scope, sum, tensor, type Tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { beforeAll, describe, expect, test } from 'vitest';
import type { StepwiseExample } from '../data/examples.ts';
import { stepBatch, stepCrossEntropy, stepLogits, stepLoss, type TokenizedSteps, tokenizeSteps } from './step-rewards.ts';
import { withHead } from './with-head.ts';

interface Stored {
  readonly steps: { readonly options: Record<string, number | boolean>; readonly row: StepwiseExample; readonly result: { readonly input_ids: number[]; readonly labels: number[] } }[];
  readonly step_loss: { readonly logits: number[]; readonly labels: number[]; readonly value: number; readonly gradient: number[] };
}
const stored = JSON.parse(readFileSync(new URL('../../fixtures/bco-and-prm.json', import.meta.url), 'utf8')) as Stored;
const tokenizer = { encode: (text: string): number[] => (text === '\n' ? [10] : text.split(' ').map(Number)) };

beforeAll(async () => { await useDevice('wasm'); });

describe('tokenizeSteps', () => {
  test.each(stored.steps)('as TRL with $options', ({ options, row, result }) => {
    const found = tokenizeSteps(row, {
      tokenizer, beginId: 1, ...(options.train_on_last_step_only === true ? { lastStepOnly: true } : {}),
      ...(options.max_prompt_length === undefined ? {} : { maxPromptTokens: options.max_prompt_length as number }),
      ...(options.max_completion_length === undefined ? {} : { maxCompletionTokens: options.max_completion_length as number }),
      ...(options.max_length === undefined ? {} : { maxTokens: options.max_length as number }),
    });
    expect(found).toEqual({ ids: result.input_ids, labels: result.labels });
  });
  test('a separator without tokens, and labels that are too few, are refused', () => {
    const row = { prompt: '1', completions: ['2', '3'], labels: [true, true] };
    expect(() => tokenizeSteps(row, { tokenizer: { encode: () => [] } })).toThrow('expected a separator of at least one token but found none in "\\n"');
    expect(() => tokenizeSteps({ ...row, labels: [true] }, { tokenizer })).toThrow('expected as many labels as steps, 2, but found 1');
  });
});

test('the loss and its gradient are those of transformers\' token classification', () => {
  const { logits, labels, value, gradient } = stored.step_loss;
  const marked = [...labels.entries()].filter(([, label]) => label !== -100);
  const wanted = Float32Array.from(marked.flatMap(([, label]) => [1 - label, label]));
  const at = marked.flatMap(([i]) => [2 * i, 2 * i + 1]);
  const found = valueAndGrad(({ x }: { x: Tensor }) => div(sum(stepCrossEntropy(reshape(x, [marked.length, 2]), wanted)), marked.length))({ x: tensor(at.map((i) => logits[i]!)) });
  expectClose(found.value.dataSync(), [value], { tolerance: 1e-6 });
  expectClose(found.grads.x!.dataSync(), at.map((i) => gradient[i]!), { tolerance: 1e-6 });
  // Nothing flows elsewhere.
  expect(gradient.filter((_, i) => !at.includes(i)).every((slope) => slope === 0)).toBe(true);
});

test('a model learns which steps are right, and where none is labelled that is refused', async () => {
  const model = withHead(createModel({ model_type: 'gpt2', vocab_size: 24, n_positions: 16, n_embd: 16, n_head: 2, n_layer: 1 }), { labels: 2, bias: true });
  const params = model.init(0);
  // A step is right where its number is even.
  const solution = (i: number): TokenizedSteps => tokenizeSteps({ prompt: '1 2', completions: [`${3 + i % 6}`, `${3 + (i + 1) % 6}`], labels: [i % 2 === 1, i % 2 === 0] }, { tokenizer: { encode: (text) => (text === '\n' ? [23] : text.split(' ').map(Number)) } });
  const batch = stepBatch(Array.from({ length: 6 }, (_, i) => solution(i)));
  expect([batch.targetCount, batch.rows, batch.length, batch.places[1]]).toEqual([12, 6, 6, 5]);
  let last = Infinity;
  for await (const step of train({ params, loss: stepLoss(model), batches: Array.from({ length: 60 }, () => batch), optimizer: adamw({ lr: 0.02 }) })) last = step.loss;
  expect(last).toBeLessThan(0.05);
  const logits = scope(() => stepLogits(model, params, batch).dataSync());
  for (let i = 0; i < 12; i++) expect(logits[2 * i + 1]! > logits[2 * i]!).toBe(batch.labels[2 * i + 1] === 1);
  expect(() => stepBatch([{ ids: [1, 2], labels: [-100, -100] }])).toThrow('stepBatch: expected at least one labelled step but found none');
  expect(() => stepLoss(withHead(createModel({ model_type: 'gpt2', vocab_size: 8, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 })))).toThrow('stepLoss: expected a head with two labels, wrong and right, but found 1');
  disposeTree(params);
});
