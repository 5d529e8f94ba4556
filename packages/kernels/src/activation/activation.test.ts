import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { ACTIVATIONS } from '../common/activation.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { activation, activationBackward } from './activation.ts';

const wide = (random: () => number, length: number): number[] => Array.from({ length }, () => 24 * random() - 12);

test.each(Object.entries(ACTIVATIONS))('%s and its gradient equal their references', async (_name, code) => {
  const cases = [0, 1, 3, 4, 7, 1021, 40_001].map((count) => ({ dims: { count }, uniforms: { activation: code }, inputs: { x: wide } }));
  const ran = await checkKernel(activation, { cases, tolerance: 2e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(activationBackward, { cases, tolerance: 1e-5 });
  checkGradient(activation, activationBackward, {
    cases: [{ dims: { count: 29 }, uniforms: { activation: code } }], gradients: { x: 'dx' }, dy: { y: 'dy' },
  });
});

test('values far out are within rounding on every device', async () => {
  const far = [1e30, 1e13, 200, 101, 100, 87, 38.5, -38.5, -87, -100, -101, -200, -1e13, -1e30, 0, -0, 1e-30];
  for (const code of [ACTIVATIONS.geluTanh, ACTIVATIONS.gelu, ACTIVATIONS.silu]) {
    const cases = [{ dims: { count: far.length }, uniforms: { activation: code }, inputs: { x: () => far, dy: () => far.map(() => 1) } }];
    await checkKernel(activation, { cases, tolerance: 1e-7 });
    await checkKernel(activationBackward, { cases, tolerance: 1e-6 });
  }
});

test('values far out are exact, and NaN stays NaN', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const at = { x: device.heap.alloc(64), y: device.heap.alloc(64), dy: device.heap.alloc(64), dx: device.heap.alloc(64) };
  const far = [1e30, 1e13, 200, -200, -1e13, -1e30];
  for (const code of [ACTIVATIONS.geluTanh, ACTIVATIONS.gelu, ACTIVATIONS.silu]) {
    device.f32(at.x, 7).set([...far, NaN]);
    device.f32(at.dy, 7).fill(1);
    launch(device, activation, { at, dims: { count: 7 }, uniforms: { activation: code } });
    launch(device, activationBackward, { at, dims: { count: 7 }, uniforms: { activation: code } });
    for (const [i, x] of far.entries()) {
      expect(Math.abs(device.f32(at.y, 7)[i]! - Math.max(0, x))).toBeLessThanOrEqual(1e-7 * Math.abs(x));
      expect(device.f32(at.dx, 7)[i]).toBeCloseTo(x > 0 ? 1 : 0, 6);
    }
    expect(device.f32(at.y, 7)[6]).toBeNaN();
    expect(device.f32(at.dx, 7)[6]).toBeNaN();
  }
  await device.close();
});
