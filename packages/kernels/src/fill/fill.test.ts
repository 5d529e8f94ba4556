import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { fill, fillInt32 } from './fill.ts';

const sizes = [0, 1, 15, 16, 17, 50_021];

test('fill equals its reference', async () => {
  await checkKernel(fill, { cases: sizes.map((size) => ({ dims: { size }, uniforms: { value: 0.1 } })), tolerance: 0 });
});

test('fillInt32 equals its reference', async () => {
  await checkKernel(fillInt32, { cases: sizes.map((size) => ({ dims: { size }, uniforms: { value: -16_777_217 } })), tolerance: 0 });
});

test('fill writes infinities, NaN and −0 on every device', async () => {
  for (const { run } of await checkDevices()) {
    for (const value of [NaN, Infinity, -Infinity, -0]) {
      const { y } = await run(fill, { io: { y: new Float64Array(5) }, dims: { size: 5 }, uniforms: { value } });
      expect([...y!]).toEqual([value, value, value, value, value]);
    }
  }
});

test('fill writes infinities and NaN, and nothing behind the end', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const y = device.heap.alloc(64);
  for (const value of [NaN, -Infinity, -0]) {
    device.f32(y, 6).fill(5);
    launch(device, fill, { at: { y }, dims: { size: 5 }, uniforms: { value } });
    expect([...device.f32(y, 6)]).toEqual([value, value, value, value, value, 5]);
  }
  await device.close();
});
