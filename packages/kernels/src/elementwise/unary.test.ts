import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice, hasRelaxedSimd, type WasmDevice } from '../runtime/wasm-device.ts';
import { UNARY_OPERATIONS, type UnaryOperation } from './operations.ts';
import { unaryValue } from './reference.ts';
import { unary } from './unary.ts';

const sizes = [0, 1, 3, 4, 13, 127, 50_021];
const positive = (random: () => number, length: number): number[] => Array.from({ length }, () => 0.01 + 4 * random());
const needsPositive = new Set<string>(['sqrt', 'rsqrt', 'log', 'reciprocal']);

test.each(Object.entries(UNARY_OPERATIONS))('%s equals its reference', async (name, op) => {
  const cases = sizes.map((size) => ({
    dims: { size }, uniforms: { op, a: 0.75, b: -0.25 }, ...(needsPositive.has(name) ? { inputs: { x: positive } } : {}),
  }));
  const ran = await checkKernel(unary, { cases, tolerance: 1e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('the result may overwrite x', async () => {
  const inPlace = { ...unary, outputs: { y: { dims: ['size'], inPlace: 'x' } } };
  await checkKernel(inPlace, { cases: [0, 1, 1023, 1025, 5003].map((size) => ({ dims: { size }, uniforms: { op: UNARY_OPERATIONS.sigmoid } })) });
});

test('far from 0 nothing overflows on the way', async () => {
  const far = (low: number, high: number) => (random: () => number, length: number): number[] => Array.from({ length }, () => low + (high - low) * random());
  await checkKernel(unary, {
    cases: [
      { dims: { size: 4001 }, uniforms: { op: UNARY_OPERATIONS.exp }, inputs: { x: far(-100, 88) } },
      { dims: { size: 4001 }, uniforms: { op: UNARY_OPERATIONS.tanh }, inputs: { x: far(-1000, 1000) } },
      { dims: { size: 4001 }, uniforms: { op: UNARY_OPERATIONS.sigmoid }, inputs: { x: far(-1000, 1000) } },
      { dims: { size: 4001 }, uniforms: { op: UNARY_OPERATIONS.log }, inputs: { x: far(0, 3e38) } },
      { dims: { size: 4001 }, uniforms: { op: UNARY_OPERATIONS.rsqrt }, inputs: { x: far(1, 3e38) } },
    ],
    tolerance: 1e-6,
    // An exponential is within 3 + 2|x| units in the last place there.
    gpuTolerance: 2e-5,
  });
});

test('relu and step keep NaN on every device', async () => {
  for (const { run } of await checkDevices()) {
    for (const op of [UNARY_OPERATIONS.relu, UNARY_OPERATIONS.step]) {
      const x = Float64Array.of(NaN, 1, 2, 3, 4, NaN);
      const { y } = await run(unary, { io: { x, y: new Float64Array(6) }, dims: { size: 6 }, uniforms: { op, a: 1, b: 0 } });
      expect([...y!].map(Number.isNaN)).toEqual([true, false, false, false, false, true]);
    }
  }
});

/** f of each x, on a device. */
function apply(device: WasmDevice, name: UnaryOperation, values: Float32Array): Float32Array {
  const address = device.heap.alloc(values.length * 4);
  device.f32(address, values.length).set(values);
  launch(device, unary, { at: { x: address, y: address }, dims: { size: values.length }, uniforms: { op: UNARY_OPERATIONS[name] } });
  const result = device.f32(address, values.length).slice();
  device.heap.free(address);
  return result;
}

/** The distance of the floats next to a normal number. */
const ulp = (x: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);

const ranges: readonly [UnaryOperation, number, number, number][] = [
  ['log', 1e-38, 3e38, 2],
  ['log', 0.5, 2, 2],
  ['exp', -87, 88.7, 2],
  ['tanh', 1e-6, 12, 3],
  ['sigmoid', -80, 80, 4],
  ['rsqrt', 1e-30, 1e30, 2],
];

for (const relaxedSimd of hasRelaxedSimd() ? [false, true] : [false]) {
  test.each(ranges)(`%s from %f to %f is within %i units in the last place, relaxed SIMD ${relaxedSimd}`, async (name, low, high, limit) => {
    const device = await createWasmDevice({ threads: 1, relaxedSimd });
    const count = 200_001;
    const geometric = low > 0;
    const x = Float32Array.from({ length: count }, (_, i) =>
      geometric ? low * (high / low) ** (i / (count - 1)) : low + ((high - low) * i) / (count - 1));
    const y = apply(device, name, x);
    let worst = 0;
    x.forEach((value, i) => {
      const expected = unaryValue(value, { op: UNARY_OPERATIONS[name], a: 1, b: 0 });
      worst = Math.max(worst, Math.abs(y[i]! - expected) / ulp(expected));
    });
    await device.close();
    expect(worst).toBeLessThan(limit);
  });
}

test('the ends of the number line are as in IEEE 754', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const edges = Float32Array.of(NaN, -Infinity, -1, -0, 0, 1, Infinity);
  const of = (name: UnaryOperation): number[] => [...apply(device, name, edges)];
  expect(of('log')).toEqual([NaN, NaN, NaN, -Infinity, -Infinity, 0, Infinity]);
  const powers = of('exp');
  expect([...powers.slice(0, 2), ...powers.slice(3, 5), powers[6]]).toEqual([NaN, 0, 1, 1, Infinity]);
  expect(of('sqrt')).toEqual([NaN, NaN, NaN, -0, 0, 1, Infinity]);
  expect(of('reciprocal')).toEqual([NaN, -0, -1, -Infinity, Infinity, 1, 0]);
  expect(of('relu').map((x) => x + 0)).toEqual([NaN, 0, 0, 0, 0, 1, Infinity]);
  expect(of('step')).toEqual([NaN, 0, 0, 0, 0, 1, 1]);
  const [nan, ...rest] = of('tanh');
  expect(nan).toBeNaN();
  rest.forEach((value, i) => expect(value).toBeCloseTo([-1, Math.tanh(-1), 0, 0, Math.tanh(1), 1][i]!, 6));
  expect(apply(device, 'log', Float32Array.of(2 ** -149))[0]).toBeCloseTo(-149 * Math.LN2, 4);
  await device.close();
});
