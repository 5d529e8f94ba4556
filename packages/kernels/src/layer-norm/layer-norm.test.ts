import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { layerNorm, layerNormBackward } from './layer-norm.ts';

const shapes = [[1, 3], [5, 123], [257, 384], [3, 7], [2, 8], [4, 5], [0, 6], [67, 4], [2, 4100], [3, 1027]] as const;
const cases = [...shapes, ...shapes].map(([rows, cols], i) => ({ dims: { rows, cols }, ...(i < shapes.length ? { with: ['bias'] } : {}) }));

test('layerNorm equals its reference with and without bias', async () => {
  const ran = await checkKernel(layerNorm, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(layerNorm, { cases: [{ dims: { rows: 3, cols: 1 }, uniforms: { eps: 0.1 } }] });
});

test('layerNormBackward equals its reference with and without bias', async () => {
  await checkKernel(layerNormBackward, {
    cases: cases.map(({ dims, ...rest }) => ({ dims, ...('with' in rest ? { with: ['dbias'] } : {}) })), tolerance: 1e-4,
  });
});

test('the gradient of the reference is right by central differences', () => {
  checkGradient(layerNorm, layerNormBackward, {
    cases: [{ dims: { rows: 3, cols: 5 }, with: ['bias'] }], gradients: { x: 'dx', weight: 'dweight', bias: 'dbias' }, dy: { y: 'dy' },
  });
});

test('a mean a hundred thousand times the deviation costs no digits', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const at = Object.fromEntries(['x', 'weight', 'y', 'mean', 'rstd'].map((name) => [name, device.heap.alloc(64)]));
  // Deviations from 100,000: −3, −1, 1, 3, so that var = (9 + 1 + 1 + 9) / 4 = 5.
  device.f32(at.x!, 4).set([99_997, 99_999, 100_001, 100_003]);
  device.f32(at.weight!, 4).fill(1);
  launch(device, layerNorm, { at, dims: { rows: 1, cols: 4 }, uniforms: { eps: 0 } });
  const unit = 1 / Math.sqrt(5);
  [-3, -1, 1, 3].forEach((deviation, i) => expect(device.f32(at.y!, 4)[i]).toBeCloseTo(deviation * unit, 6));
  await device.close();
});
