import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { resolveDims } from '../kernel.ts';
import { muonDirection, muonStep } from './muon.ts';
import { muonDirectionReference, muonStepReference } from './reference.ts';

/** [numbers of the matrix, where its direction begins, numbers of all directions] */
const places = [[0, 0, 0], [1, 0, 1], [3, 1, 7], [4, 4, 8], [7, 3, 10], [255, 2, 300], [256, 257, 513], [1021, 0, 1021], [16_385, 5, 16_400], [70_001, 1, 70_002]] as const;

test('momentum and direction equal their reference, and directions of other matrices stay', async () => {
  const cases = [0, 1].flatMap((nesterov) => places.map(([count, offset, total], i) => ({
    dims: { count, total }, uniforms: { beta: 0.9, nesterov, offset, gradScale: 1 / (1 + i) },
  })));
  const ran = await checkKernel(muonDirection, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('the step equals its reference', async () => {
  const cases = places.map(([count, offset, total], i) => ({ dims: { count, total }, uniforms: { lr: 0.1, weightDecay: 0.1 * i, factor: 0.5 + i, offset } }));
  const ran = await checkKernel(muonStep, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('rates from memory stand in for gradScale and multiply lr', async () => {
  const shared = { inputs: { rates: () => [0.5, 0.25] }, with: ['rates'] };
  await checkKernel(muonDirection, { cases: [1, 5, 257].map((count) => ({ ...shared, dims: { count, total: count + 3 }, uniforms: { offset: 2, gradScale: 7 } })) });
  await checkKernel(muonStep, { cases: [1, 5, 257].map((count) => ({ ...shared, dims: { count, total: count + 3 }, uniforms: { offset: 2, lr: 0.2, weightDecay: 0.1, factor: 3 } })) });
  const [momentum, directions] = [Float64Array.of(2), Float64Array.of(9, 9)];
  muonDirectionReference({ momentum, grad: Float64Array.of(8), directions, rates: Float64Array.of(0.5, 0.25) }, { count: 1 }, { beta: 0.75, nesterov: 1, offset: 1, gradScale: 7 });
  // g = 2: b = 0.75 · 2 + 0.25 · 2, and with Nesterov 0.25 · 2 + 0.75 · 2.
  expect([...momentum, ...directions]).toEqual([2, 9, 2]);
  const param = Float64Array.of(2);
  muonStepReference({ param, directions, rates: Float64Array.of(0.5, 0.25) }, { count: 1 }, { lr: 0.2, weightDecay: 0.5, factor: 3, offset: 1 });
  // lr = 0.2 · 0.5: 2 (1 − 0.1 · 0.5) − 0.1 · 3 · 2.
  expect(param[0]).toBeCloseTo(1.3, 12);
});

test('where the gradScale of the rates is NaN nothing changes, to the bit', async () => {
  const odd = [1, -0, Infinity, 3e-39, NaN];
  const rates = Float64Array.of(1, NaN);
  const io = {
    param: Float64Array.from(odd), momentum: Float64Array.from(odd), grad: Float64Array.of(1, 2, NaN, Infinity, 5), directions: Float64Array.of(NaN, 3e-39, 3, Infinity, 5, -0), rates,
  };
  const dims = { count: 5, total: 6, rateCount: 2 };
  for (const { run } of await checkDevices()) {
    const { param: _, ...first } = io;
    const found = { ...await run(muonDirection, { io: first, dims, uniforms: { ...muonDirection.uniforms, offset: 1 } }) };
    const { param, directions } = io;
    Object.assign(found, { param: (await run(muonStep, { io: { param, directions, rates }, dims, uniforms: { ...muonStep.uniforms, offset: 1, weightDecay: 1 } }))['param'] });
    for (const name of ['momentum', 'directions', 'param'] as const) expect([...found[name]!]).toEqual([...Float32Array.from(io[name])]);
  }
  expect(() => resolveDims(muonDirection, { momentum: [5], grad: [5], directions: [6], rates: [3] })).toThrow('muonDirection: expected 2 rates but found 3.');
  expect(() => resolveDims(muonStep, { param: [5], directions: [6], rates: [4] })).toThrow('muonStep: expected 2 rates but found 4.');
});

test('a broken gradient shows in what it touches on every device', async () => {
  const io = { momentum: Float64Array.of(0, 0, 0), grad: Float64Array.of(1, NaN, 1), directions: Float64Array.of(0, 0, 0) };
  for (const { run } of await checkDevices()) {
    const { momentum, directions } = await run(muonDirection, { io, dims: { count: 3, total: 3 }, uniforms: muonDirection.uniforms });
    for (const values of [momentum, directions]) expect([...values!].map(Number.isNaN)).toEqual([false, true, false]);
  }
});
