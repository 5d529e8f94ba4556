// Alignment, merging and the losses between vocabularies beside TRL's GOLD, from fixtures/losses.json.
import { add, mean, mul, reshape, slice, softmax, sum, type Tensor, tensor, useDevice } from '@llm/tensor';
import { beforeEach, describe, expect, test } from 'vitest';
import { compare, differentiated, losses } from '../fixtures/losses.ts';
import { alignTokens, type Offsets } from './align-tokens.ts';
import { gold, sharedTokens } from './gold.ts';
import { mergeChain, mergeObserved } from './merge-probabilities.ts';
import { uld } from './uld.ts';

const stored = losses.uld;
const spans = (cuts: readonly number[]): Offsets => cuts.slice(1).map((end, i) => [cuts[i]!, end] as const);

describe.each(['cpu', 'wasm'] as const)('%s', (device) => {
  beforeEach(async () => { await useDevice(device); });

  /** TRL's mean over examples of the mean over groups. */
  function run(loss: (student: Tensor, teacher: Tensor) => Tensor, { shift, merge = mergeChain, aligned = true }: { shift: number; merge?: typeof mergeChain; aligned?: boolean }): { value: number; gradient: number[] } {
    return differentiated((z) => stored.examples.map(({ student_start: ps, teacher_start: pt, student_cuts: cs, teacher_cuts: ct }, i) => {
      const [spansS, spansT] = [spans(cs), spans(ct)];
      const few = Math.min(spansS.length, spansT.length);
      const groups = aligned ? alignTokens(spansS, spansT) : Array.from({ length: few }, (_, at) => ({ student: [at], teacher: [at] }));
      const probs = (logits: Tensor, from: number, count: number): Tensor => softmax(reshape(slice(logits, [i, from - shift, 0], [1, count, logits.shape[2]!]), [count, logits.shape[2]!]));
      const ids = (all: number[], length: number, from: number, count: number): Tensor => tensor(all.slice(i * length + from, i * length + from + count), [count], 'int32');
      const student = merge(probs(z, ps, spansS.length), { groups: groups.map((group) => group.student), ids: ids(stored.student_ids, stored.student_length, ps, spansS.length) });
      const teacher = merge(probs(tensor(stored.teacher, [2, stored.teacher_length, stored.teacher_vocab]), pt, spansT.length), { groups: groups.map((group) => group.teacher), ids: ids(stored.teacher_ids, stored.teacher_length, pt, spansT.length) });
      return mul(mean(loss(student, teacher)), 1 / stored.examples.length);
    }).reduce((total, each) => add(total, each)), tensor(stored.student, [2, stored.student_length, stored.student_vocab]));
  }

  test('ranks, with tokens merged as they were observed or by the chain rule, or not at all', () => {
    compare(run(uld, { shift: 0, merge: mergeObserved }), stored.cases['observed']!);
    compare(run(uld, { shift: 1 }), stored.cases['bayesian']!);
    compare(run(uld, { shift: 1, aligned: false }), stored.cases['positions']!);
  });

  test('shared tokens as themselves, the others by rank', () => {
    compare(run(gold({ shared: stored.shared }), { shift: 1 }), stored.cases['hybrid']!);
    compare(run(gold({ shared: stored.shared, weights: { shared: 0.8, others: 0.3 } }), { shift: 1 }), stored.cases['hybrid weights']!);
  });

  test('a smaller vocabulary on either side counts as probabilities of 0', () => {
    const [few, many] = [tensor([[0.75, 0.25]]), tensor([[0.125, 0.5, 0.25, 0.125]])];
    expect(uld(few, many).dataSync()[0]).toBeCloseTo(0.25 + 0 + 0.125 + 0.125, 6);
    expect(uld(many, few).dataSync()[0]).toBeCloseTo(0.5, 6);
    expect(uld(few, few).dataSync()[0]).toBe(0);
    expect(sum(uld(many, many)).dataSync()[0]).toBe(0);
  });
});

test('groups end where both tokenizers end a token, and what is left is one more', () => {
  expect(alignTokens(spans([0, 3, 6]), spans([0, 2, 3, 5, 6]))).toEqual([{ student: [0], teacher: [0, 1] }, { student: [1], teacher: [2, 3] }]);
  expect(alignTokens(spans([0, 3]), spans([0, 3, 4]))).toEqual([{ student: [0], teacher: [0] }, { student: [], teacher: [1] }]);
  expect(alignTokens(spans([0, 2, 5]), spans([0, 5, 9]))).toEqual([{ student: [0, 1], teacher: [0] }, { student: [], teacher: [1] }]);
  expect(alignTokens([], [])).toEqual([]);
});

test('shared tokens are found by their text, in the order of the teacher\'s ids', () => {
  expect(sharedTokens(new Map([['a', 0], ['b', 1], ['c', 2]]), new Map([['c', 0], ['x', 1], ['a', 5]]))).toEqual({ student: [2, 0], teacher: [0, 5] });
});
