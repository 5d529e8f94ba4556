import { memory, overwrite, type Tensor, tensor, useDevice } from '@llm/tensor';
import { describe, expect, test } from 'vitest';
import { afterEvaluation, type EarlyStopping, type EarlyStoppingOptions, startEarlyStopping } from './early-stopping.ts';
import { afterMeasuring, startForgetting } from './forgetting.ts';
import { keepParameters, restoreParameters } from './keep-parameters.ts';

describe('early stopping', () => {
  const run = (values: readonly number[], options: EarlyStoppingOptions & { trainLosses?: readonly number[] } = {}): EarlyStopping[] => {
    const states: EarlyStopping[] = [];
    let state = startEarlyStopping();
    values.forEach((value, step) => {
      // Saved and read again between any two evaluations.
      state = JSON.parse(JSON.stringify(state)) as EarlyStopping;
      const trainLoss = options.trainLosses?.[step];
      states.push(state = afterEvaluation(state, { step, value, ...(trainLoss === undefined ? {} : { trainLoss }) }, options));
    });
    return states;
  };

  test('the best is kept, and patience runs out', () => {
    const states = run([3, 2, 2.5, 1.9, 2, 2.1, 2.2]);
    expect(states.map(({ improved }) => improved)).toEqual([true, true, false, true, false, false, false]);
    expect(states.map(({ stop }) => stop)).toEqual([false, false, false, false, false, false, true]);
    expect(states.at(-1)!.best).toEqual({ step: 3, value: 1.9 });
  });

  test('for accuracies, and by more than a little', () => {
    expect(run([0.5, 0.6, 0.605, 0.604], { higherIsBetter: true, minDelta: 0.01, patience: 2 }).map(({ improved, stop }) => [improved, stop])).toEqual([[true, false], [true, false], [false, false], [false, true]]);
  });

  test('what is not finite is never the best', () => {
    expect(run([NaN, 2, Infinity, NaN, NaN]).at(-1)).toMatchObject({ best: { step: 1, value: 2 }, stop: true });
  });

  test('validation that rises while training falls is learning by heart', () => {
    const states = run([2, 1.9, 2, 2.1], { patience: 9, trainLosses: [2, 1.5, 1.2, 1] });
    expect(states.map(({ warning }) => warning === undefined)).toEqual([true, true, true, false]);
    expect(states[3]!.warning).toContain('Validation got worse 2 times in a row (now 2.100) while the loss in training fell (now 1.000)');
    expect(run([2, 2.1, 2.2], { patience: 9, trainLosses: [1, 1.1, 1.2] }).every(({ warning }) => warning === undefined)).toBe(true);
  });

  test('patience must be', () => { expect(() => run([1], { patience: 0 })).toThrow('expected patience to be a whole number from 1 on but found 0'); });
});

test('the best parameters come back, those that are trained alone', async () => {
  await useDevice('wasm', { threads: 1 });
  const params = { base: tensor([1, 2]), adapter: { a: tensor([3, 4]) } };
  const before = memory().tensors;
  const kept = await keepParameters(params, { trainable: (path) => path.startsWith('adapter') });
  for (const each of [params.base, params.adapter.a]) overwrite(each, [9, 9]);
  restoreParameters(params, kept);
  expect([...kept.keys()]).toEqual(['adapter.a']);
  expect([[...params.base.dataSync()], [...params.adapter.a.dataSync()]]).toEqual([[9, 9], [3, 4]]);
  expect(memory().tensors).toBe(before);
  expect(() => { restoreParameters({ other: params.base as Tensor }, kept); }).toThrow('expected adapter.a in the parameters but found none');
});

describe('forgetting', () => {
  const start = startForgetting({ 'bits per byte': 1, core: 0.4 });
  const options = { higherIsBetter: ['core'] };

  test('within the tolerance nothing is said', () => {
    expect(afterMeasuring(start, { 'bits per byte': 1.04, core: 0.39 }, options)).toEqual({
      baseline: start.baseline, replay: 0,
      tasks: [
        { name: 'bits per byte', before: 1, after: 1.04, loss: expect.closeTo(0.04, 9) as number, forgotten: false },
        { name: 'core', before: 0.4, after: 0.39, loss: expect.closeTo(0.025, 9) as number, forgotten: false },
      ],
    });
  });

  test('beyond it, the worst comes first, and replay rises each time up to its most', () => {
    let state = start;
    const replays = [0, 1, 2, 3, 4].map(() => {
      state = afterMeasuring(JSON.parse(JSON.stringify(state)) as typeof state, { 'bits per byte': 1.1, core: 0.2 }, options);
      return state.replay;
    });
    expect(replays).toEqual([0.05, 0.1, 0.2, 0.4, 0.4]);
    expect(state.alert).toBe('Forgotten: core from 0.4000 to 0.2000 (50.0 % worse), bits per byte from 1.000 to 1.100 (10.0 % worse). Replay is at its most: lower the learning rate, or train an adapter.');
    expect(afterMeasuring(start, { 'bits per byte': 1.1, core: 0.4 }, options).alert).toContain('Replay old data in 5 % of the rows');
  });

  test('a figure that is lost counts as forgotten; one that is missing is an error', () => {
    expect(afterMeasuring(start, { 'bits per byte': NaN, core: 0.4 }, options).tasks[0]!.forgotten).toBe(true);
    expect(() => afterMeasuring(start, { core: 0.4 })).toThrow('expected a figure for bits per byte but found none');
    expect(() => startForgetting({ core: NaN })).toThrow('expected a finite figure for core but found NaN');
  });
});
