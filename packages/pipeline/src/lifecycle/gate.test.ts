import { expect, test } from 'vitest';
import { criteriaOf, judge, verdictText } from './gate.ts';
import type { Measured } from './figures.ts';
import { figureFor, GATES } from './metrics.ts';
import type { Criterion } from './recipe-shape.ts';

const judged = (criterion: Criterion, measured: Readonly<Record<string, Measured>>): ReturnType<typeof judge> =>
  judge(criteriaOf('x', { lifecycle: 'l', values: { most: 3 }, steps: { x: { run: 'sft', gate: [criterion] } } }), { id: 'x', measured: (step) => measured[step]! });
const of = (figures: Measured['figures'], before: Measured['before'] = {}): Measured => ({ figures, before });

test('the four gates of the article, with what is measured beside', () => {
  const recipe = (gate: string): Parameters<typeof criteriaOf>[1] => ({ lifecycle: 'l', steps: { x: { run: 'sft', gate } } });
  const verdict = (gate: string, figures: Measured['figures']): boolean[] => judge(criteriaOf('x', recipe(gate)), { id: 'x', measured: () => of(figures) }).map(({ passed }) => passed);
  expect(Object.keys(GATES)).toEqual(['pretrain', 'sft', 'alignment', 'distil']);
  // Strictly below and above: the article's own numbers do not pass.
  expect([verdict('pretrain', { perplexity: 9.99, bits_per_byte: 1 }), verdict('pretrain', { perplexity: 10, bits_per_byte: 1 })]).toEqual([[true], [false]]);
  expect([verdict('sft', { 'val/exact_match': 0.86 }), verdict('sft', { 'val/exact_match': 0.85 })]).toEqual([[true], [false]]);
  expect([verdict('alignment', { 'val/win_rate': 0.71 }), verdict('alignment', { 'val/win_rate': 0.7 })]).toEqual([[true], [false]]);
  expect([verdict('distil', { quality_drop: 0.049 }), verdict('distil', { quality_drop: 0.05 })]).toEqual([[true], [false]]);
  expect(() => verdict('pretrain', { perplexity: 5 })).toThrow('expected x to measure bits_per_byte');
});

test.each([
  [{ metric: 'loss', below: 3 }, { x: of({ loss: 2 }) }, true, 2],
  [{ metric: 'loss', below: '${most}' }, { x: of({ loss: 3 }) }, false, 3],
  [{ metric: 'loss', above: 1, below: 3 }, { x: of({ loss: 0.5 }) }, false, 0.5],
  [{ metric: 'loss', below: 3 }, { x: of({ loss: null }) }, false, null],
  [{ metric: 'acc', above: -0.05, change_from: 'y' }, { x: of({ acc: 0.48 }), y: of({ acc: 0.5 }) }, true, -0.04],
  [{ metric: 'loss', below: 0, change_from: 'before' }, { x: of({ loss: 4 }, { loss: 5 }) }, true, -0.2],
  // From nothing to something, and from nothing to nothing.
  [{ metric: 'acc', above: 0, change_from: 'before' }, { x: of({ acc: 0.5 }, { acc: 0 }) }, true, Infinity],
  [{ metric: 'acc', above: -1, change_from: 'before' }, { x: of({ acc: 0 }, { acc: 0 }) }, false, null],
  [{ metric: 'acc', above: 0.4, of: 'y' }, { x: of({}), y: of({ acc: 0.5 }) }, true, 0.5],
] as [Criterion, Record<string, Measured>, boolean, number | null][])('%j', (criterion, measured, passed, value) => {
  const [verdict] = judged(criterion, measured);
  expect(verdict!.passed).toBe(passed);
  if (value === null || !Number.isFinite(value)) expect(verdict!.value).toBe(value);
  else expect(verdict!.value).toBeCloseTo(value, 12);
});

test('what was not measured neither passes nor fails', () => {
  expect(() => judged({ metric: 'acc', above: 0 }, { x: of({ loss: 1 }) })).toThrow('expected x to measure acc, which the gate of x asks for, but found only loss');
  expect(() => judged({ metric: 'loss', below: 1, change_from: 'before' }, { x: of({ loss: 1 }) })).toThrow('expected before to measure loss');
  expect(() => judged({ metric: 'loss', below: '${least}' }, { x: of({ loss: 1 }) })).toThrow('which is no value of the recipe');
});

test('a metric goes by its own name, by that of a figure it comes from, or by the end of the only path that has it', () => {
  expect(figureFor('instruction_follow', ['val/exact_match', 'instruction_follow'])).toBe('instruction_follow');
  expect(figureFor('instruction_follow', ['val/loss', 'val/exact_match'])).toBe('val/exact_match');
  expect(figureFor('safety_score', ['report/safety_score'])).toBe('report/safety_score');
  expect(figureFor('acc', ['a/acc', 'b/acc'])).toBeUndefined();
});

test('a verdict as a sentence', () => {
  const [verdict] = judged({ metric: 'instruction_follow', above: 0.85, beside: ['task_completion', 'safety_score'] }, { x: of({ 'val/exact_match': 0.5, 'val/token_accuracy': 0.9 }) });
  expect(verdictText(verdict!)).toBe('instruction_follow (val/exact_match) 0.500, wanted > 0.85; task_completion 0.900, safety_score not measured');
});
