import { linear, logSoftmax, reshape, sum, type Tensor, tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { numbers } from '@llm/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { rowsOf, someRows, tinyModel } from '../fixtures/models.ts';
import { forwardKl } from '../losses/forward-kl.ts';
import { fullRows } from '../losses/full-rows.ts';
import { softened } from '../losses/softened.ts';
import { topRows } from '../losses/top-rows.ts';
import { predictedStates } from '../predicted-states.ts';
import { keepTop } from './keep-top.ts';
import { keptError, keptSums } from './kept-error.ts';
import { joinKept, type KeptRows, keptTensors, sliceKept } from './kept-rows.ts';
import { selectTop } from './select-top.ts';

const VOCAB = 23;
beforeAll(async () => { await useDevice('wasm'); });

test('the k largest, the largest first, of equals the first', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 }), fc.nat(59), (values, at) => {
    const k = 1 + (at % values.length);
    const expected = values.map((value, i) => [value, i] as const).toSorted(([a, i], [b, j]) => b - a || i - j).slice(0, k).map(([, i]) => i);
    expect([...selectTop(Float32Array.from(values), k)]).toEqual(expected);
  }));
});

describe('kept rows', () => {
  const model = tinyModel({ layers: 2 });
  const collect = async (options: { k: number; temperature?: number }): Promise<{ kept: KeptRows; sums: ReturnType<typeof keptSums>[] }> => {
    const [all, sums]: [KeptRows[], ReturnType<typeof keptSums>[]] = [[], []];
    for await (const each of keepTop(model, model.init(2), [rowsOf(someRows(2)), rowsOf(someRows(1, { seed: 9, length: 3 }))], options)) {
      all.push(each.kept);
      sums.push(each.sums);
    }
    expect(all.map(({ count }) => count)).toEqual([5, 5, 2]);
    return { kept: joinKept(all), sums };
  };

  test.each([1, 2])('are the teacher\'s likeliest tokens at temperature %d, with the rest', async (temperature) => {
    const { kept, sums } = await collect({ k: 4, temperature });
    const batch = rowsOf(someRows(2));
    const params = model.init(2);
    const { states, head } = predictedStates(model, params, batch);
    const logs = logSoftmax(tensor(linear(states, head).dataSync().map((z) => z / temperature), [10, VOCAB])).dataSync();
    for (let row = 0; row < 10; row++) {
      const sorted = [...logs.slice(row * VOCAB, (row + 1) * VOCAB)].map((value, id) => [Math.exp(value), id] as const).toSorted(([a], [b]) => b - a);
      expect([...kept.ids.slice(row * 4, row * 4 + 4)]).toEqual(sorted.slice(0, 4).map(([, id]) => id));
      sorted.slice(0, 4).forEach(([p], i) => { expect(kept.probs[row * 5 + i]).toBeCloseTo(p, 5); });
      expect(kept.probs[row * 5 + 4]).toBeCloseTo(sorted.slice(4).reduce((total, [p]) => total + p, 0), 5);
    }
    expect(keptError(sums).rows).toBe(12);
  });

  test('joined and sliced they are the same rows; other ones are not joined', async () => {
    const { kept } = await collect({ k: 3 });
    const parts = [sliceKept(kept, { from: 0, count: 5 }), sliceKept(kept, { from: 5, count: 7 })];
    expect(joinKept(parts)).toEqual(kept);
    expect([...keptTensors(kept)({ from: 5, count: 2 }).ids.dataSync()]).toEqual([...kept.ids.slice(15, 21)]);
    expect(() => joinKept([kept, { ...kept, k: 2 }])).toThrow('joinKept: expected rows of k 3 and temperature 1 but found k 2');
    expect(() => joinKept([])).toThrow('joinKept: expected kept rows but found none');
    await expect(collect({ k: 24 })).rejects.toThrow('keepTop: expected k from 1 to the vocabulary of the teacher, 23, but found 24');
  });
});

test('the bounds hold for any teacher and any student', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: VOCAB - 1 }), fc.double({ min: 0.1, max: 6, noNaN: true }), fc.double({ min: 0.1, max: 6, noNaN: true }), (seed, k, sharp, wild) => {
    const [t, s] = [numbers(VOCAB, seed).map((z) => z * sharp), numbers(VOCAB, seed + 1).map((z) => z * wild)];
    const probs = [...logSoftmax(tensor([Array.from(t)])).dataSync()].map(Math.exp);
    const ids = selectTop(Float32Array.from(probs), k);
    const kept: KeptRows = { count: 1, k, temperature: 1, ids, probs: Float32Array.from([...Array.from(ids, (id) => probs[id]!), 0]) };
    kept.probs[k] = Math.max(0, 1 - kept.probs.slice(0, k).reduce((total, p) => total + p, 0));
    const bound = keptError([keptSums(kept, { entropies: [-probs.reduce((total, p) => total + p * Math.log(p), 0)], vocab: VOCAB })]);
    const rows = keptTensors(kept)({ from: 0, count: 1 });
    const run = (teacher: Parameters<ReturnType<typeof softened>>[0]['teacher']): { value: number; slope: Float32Array } => {
      const { value, grads } = valueAndGrad((p: { z: Tensor }) => sum(softened(forwardKl())({ student: p.z, teacher, targets: tensor([0], [1], 'int32') })))({ z: tensor([Array.from(s)]) });
      return { value: value.dataSync()[0]!, slope: grads['z']!.dataSync() as Float32Array };
    };
    const [whole, part] = [run(fullRows(tensor([Array.from(t)]))), run(topRows({ ...rows, temperature: 1 }))];
    const rest = Array.from(s).filter((_, id) => !ids.includes(id));
    const range = Math.max(...rest) - Math.min(...rest);
    expect(whole.value - part.value).toBeGreaterThan(-1e-4);
    expect(whole.value - part.value).toBeLessThan(bound.klBound(range) + 1e-4);
    expect(whole.slope.reduce((total, value, i) => total + Math.abs(value - part.slope[i]!), 0)).toBeLessThan(bound.meanSlope);
    for (const made of [rows.ids, rows.logProbs]) made.dispose();
  }), { numRuns: 25 });
});

test('a bound of nothing is refused, and a whole teacher is without error', () => {
  expect(() => keptError([])).toThrow('keptError: expected at least one kept row but found none');
  const whole = keptError([keptSums({ count: 1, k: 2, temperature: 1, ids: Int32Array.of(0, 1), probs: Float32Array.of(0.5, 0.5, 0) }, { entropies: [Math.LN2], vocab: 2 })]);
  expect([whole.meanTail, whole.klBound(10)]).toEqual([0, 0]);
  expect(reshape(tensor([1]), [1]).size).toBe(1);
});
