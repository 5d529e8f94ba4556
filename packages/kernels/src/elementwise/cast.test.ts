import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { castToFloat32, castToInt32 } from './cast.ts';

const sizes = [0, 1, 3, 4, 17, 50_021];
const wide = (random: () => number, length: number): number[] => Array.from({ length }, () => (random() - 0.5) * 1e5);

test('castToInt32 drops fractions as its reference does', async () => {
  await checkKernel(castToInt32, { cases: sizes.map((size) => ({ dims: { size }, inputs: { x: wide } })), tolerance: 0 });
});

test('castToFloat32 equals its reference', async () => {
  const whole = (random: () => number, length: number): number[] => wide(random, length).map(Math.trunc);
  await checkKernel(castToFloat32, { cases: sizes.map((size) => ({ dims: { size }, inputs: { x: whole } })), tolerance: 0 });
});

test('on every device castToInt32 holds to the range, and NaN is 0', async () => {
  const x = Float64Array.of(NaN, Infinity, -Infinity, 2.9, -2.9, 3e9, -3e9, 2147483520, -2147483648, 2147483648);
  for (const { run } of await checkDevices()) {
    const { y } = await run(castToInt32, { io: { x, y: new Float64Array(x.length) }, dims: { size: x.length }, uniforms: {} });
    expect([...y!]).toEqual([0, 2147483647, -2147483648, 2, -2, 2147483647, -2147483648, 2147483520, -2147483648, 2147483647]);
  }
});

test('on every device a cast may overwrite x', async () => {
  const toInt32 = { ...castToInt32, outputs: { y: { dims: ['size'], dtype: 'int32', inPlace: 'x' } } } as const;
  const toFloat32 = { ...castToFloat32, outputs: { y: { dims: ['size'], inPlace: 'x' } } } as const;
  const whole = (random: () => number, length: number): number[] => wide(random, length).map(Math.trunc);
  for (const kernel of [toInt32, toFloat32]) await checkKernel(kernel, { cases: [1, 5, 4099].map((size) => ({ dims: { size }, inputs: { x: whole } })), tolerance: 0 });
});

test('casts hold to the range, round to the nearest float, and work in place', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const address = device.heap.alloc(64);
  const at = { x: address, y: address };
  device.f32(address, 7).set([NaN, Infinity, -Infinity, 2.9, -2.9, 3e9, -3e9]);
  launch(device, castToInt32, { at, dims: { size: 7 } });
  expect([...device.i32(address, 7)]).toEqual([0, 2147483647, -2147483648, 2, -2, 2147483647, -2147483648]);
  device.i32(address, 5).set([2147483647, -2147483648, 16777217, 16777219, 7]);
  launch(device, castToFloat32, { at, dims: { size: 5 } });
  expect([...device.f32(address, 5)]).toEqual([2147483648, -2147483648, 16777216, 16777220, 7]);
  await device.close();
});
