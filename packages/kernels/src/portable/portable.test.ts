import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { launch } from '../kernel.ts';
import { rmsNorm } from '../rms-norm/rms-norm.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { portable, portableGradient, type PortableOptions, preparePortable } from './portable.ts';

/** Prepares a kernel and checks it on every device. */
async function check(fn: Parameters<typeof portable>[1], { dims, inputs, tolerance = 2e-6, ...options }: PortableOptions & {
  dims: readonly Readonly<Record<string, number>>[]; inputs?: PortableOptions['inputs']; tolerance?: number;
}): Promise<void> {
  const kernel = portable('checked', fn, { ...options, ...(inputs === undefined ? {} : { inputs }) });
  await preparePortable(kernel);
  const whole = (random: () => number, length: number): number[] => Array.from({ length }, () => Math.floor(random() * 2 ** 24) - 2 ** 23);
  const integers = Object.fromEntries(Object.entries(kernel.inputs).filter(([, { dtype }]) => dtype === 'int32').map(([name]) => [name, whole]));
  const ran = await checkKernel(kernel, { cases: dims.map((one) => ({ dims: one, inputs: integers })), tolerance });
  expect(Math.min(...Object.values(ran))).toBe(dims.length);
}

const flat = [0, 1, 2, 3, 4, 5, 257, 16_385].map((count) => ({ count }));

test('a function of one number, on any number of elements', async () => {
  await check((x) => x * Math.tanh(Math.log(1 + Math.exp(x))), { dims: flat });
});

// From, to, and where the function is to be right to the last digits near 0, the factor that brings it there.
test.each([
  ['abs', -5, 5], ['sign', -5, 5], ['floor', -50, 50], ['ceil', -50, 50], ['trunc', -50, 50], ['round', -50.5, 50.5], ['sqrt', 0, 100], ['cbrt', -100, 100],
  ['exp', -100, 10], ['expm1', -20, 5], ['expm1', -1, 1, 1e-4], ['log', 1e-6, 100], ['log', 1e30, 1e38], ['log1p', -0.99, 100], ['log1p', -1, 1, 1e-4],
  ['log2', 1e-6, 100], ['log10', 1e-6, 1e6], ['sin', -1000, 1000], ['sin', -1, 1, 1e-4], ['cos', -1000, 1000], ['tan', -1.2, 1.2],
  ['sinh', -4, 4], ['sinh', -1, 1, 1e-4], ['cosh', -4, 4], ['tanh', -30, 30], ['tanh', -1, 1, 1e-4],
])('Math.%s from %f to %f', async (name, from, to, factor = 1) => {
  const kernel = portable(name, `(x) => Math.${name}(x * ${factor}) * ${1 / factor}`);
  await preparePortable(kernel);
  // Away from the jumps of floor and its kin.
  const inputs = { x: (_: () => number, length: number) => Array.from({ length }, (_each, i) => from + (to - from) * ((i + 0.3) / length)) };
  await checkKernel(kernel, { cases: [{ dims: { count: 999 }, inputs }], tolerance: 2e-6, gpuTolerance: 3e-5 });
});

test('halves go up, and what is next to a half or too large for one stays', async () => {
  const values = [-2.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, -0.50000006, 8_388_609, -8_388_609, 16_777_215];
  const inputs = { x: () => values };
  const kernel = portable('rounds', (x, s) => Math.round(x) + Math.round(s), { uniforms: { s: 0 } });
  await preparePortable(kernel);
  await checkKernel(kernel, { cases: [{ dims: { count: 10 }, inputs }, { dims: { count: 10 }, inputs, uniforms: { s: -7.5 } }], tolerance: 0 });
});

test('powers: of negative numbers, and those that only positive ones have', async () => {
  await check((x) => x ** 2 + x ** 3 - (x + 1) ** 4 / 100 + Math.pow(x, -2) * x * x, { dims: [{ count: 99 }], tolerance: 1e-5 });
  await check((x) => (-2.5) ** 3 + Math.pow(Math.abs(x), 1.7) + 2 ** x, { dims: [{ count: 99 }], tolerance: 1e-5 });
  await check((x, p) => Math.pow(x, p), { dims: [{ count: 99 }], uniforms: { p: 5 }, tolerance: 1e-4 });
});

test('inputs that repeat along rows, along columns and in between', async () => {
  const sizes = [[1, 1, 1], [2, 3, 4], [3, 4, 5], [5, 8, 16], [4, 1, 3], [1, 7, 1], [2, 64, 32]].map(([a, b, c]) => ({ a: a!, b: b!, c: c! }));
  const inputs = { x: { dims: ['a', 'b', 'c'] }, row: { dims: ['a'] }, middle: { dims: ['b'] }, column: { dims: ['c'] }, pair: { dims: ['b', 'c'] } };
  await check((x, row, middle, column, pair) => x * row + middle * column - pair, { inputs, dims: sizes, tolerance: 5e-6 });
});

test('an output larger than any input', async () => {
  const inputs = { x: { dims: ['rows'] }, w: { dims: ['cols'] } };
  await check((x, w) => x - w, { inputs, output: { distance: { dims: ['rows', 'cols'] } }, dims: [{ rows: 1, cols: 1 }, { rows: 3, cols: 5 }, { rows: 0, cols: 3 }] });
  await check((x, i) => x * (i & 3), { inputs: { x: { dims: ['n'] } }, output: { y: { dims: ['n', 'four'] } }, sizes: { four: 4 }, index: true, dims: [{ n: 1 }, { n: 7 }] });
});

test('integers, shifts and masks keep all their bits', async () => {
  const inputs = { q: { dims: ['n'], dtype: 'int32' as const }, x: { dims: ['n'] } };
  await check((q, x, i) => ((q >> 3) & 255) + x - ((q >>> (i & 15)) & 1023) * 0.5 + ((~q ^ i) & 7), { inputs, index: true, dims: [{ n: 1 }, { n: 1001 }], tolerance: 2e-5 });
  await check((q, x) => (q > 16_777_217 ? x : q === 5 ? 1 : (q & 1) === 0 ? -x : 0.5), { inputs, dims: [{ n: 1001 }] });
  await check((q) => q, { inputs, dims: [{ n: 101 }], tolerance: 1e-7 });
});

test('branches, loops and early returns, in which each element goes its own way', async () => {
  await check((x, limit) => {
    let z = 0;
    let steps = 0;
    for (let k = 1; k <= 40; k++) {
      z = z * z + x * 0.3;
      if (z > limit) return 10 + k;
      if (z < -1) break;
      if (z < 0) continue;
      steps += 1;
    }
    for (let k = 0; k < 3; k++) {
      const half = 0.5 * k;
      z -= half;
    }
    if (x > 1) { const r = z + 1; z = r; } else if (x > 0) z = -z;
    return z + steps;
  }, { uniforms: { limit: 2 }, dims: [{ count: 5 }, { count: 1003 }], tolerance: 1e-4 });
});

test('names may shadow each other, and be words of WGSL', async () => {
  await check('(target, loop) => { const fn = target + loop; let self = 0; for (let i = 0; i < 2; i++) { const fn = i; self += fn; } for (let i = 0; i < 3; i++) { let self = fn; self *= 2; } return fn + self; }', {
    inputs: { target: { dims: ['n'] }, 'loop': { dims: ['n'] } }, dims: [{ n: 9 }],
  });
});

test('two minus signs are no decrement', async () => {
  await check((x, s) => x - -x - -2 - (-s), { uniforms: { s: 3 }, dims: [{ count: 5 }] });
});

test('gradients: one function for each input, null for those without', async () => {
  const inputs = { a: { dims: ['n'] }, q: { dims: ['n'], dtype: 'int32' as const }, b: { dims: ['n'] } };
  const kernel = portable('scaled', (a, q, b, s) => a * b * s * (q & 1), { inputs, uniforms: { s: 2 } });
  const backward = portableGradient(kernel, [(_a, q, b, dy, s) => dy * b * s * (q & 1), null, (a, q, _b, dy, s) => dy * a * s * (q & 1)]);
  expect(Object.keys(backward.outputs)).toEqual(['da', 'db']);
  const whole = { q: (random: () => number, length: number) => Array.from({ length }, () => Math.floor(9 * random())) };
  checkGradient(kernel, backward, { cases: [{ dims: { n: 30 }, inputs: whole }], gradients: { a: 'da', b: 'db' }, dy: { y: 'dy' } });
  await preparePortable(backward);
  await checkKernel(backward, { cases: [1, 3, 50].map((n) => ({ dims: { n }, inputs: whole, uniforms: { s: -0.5 } })) });
});

test('what was compiled once runs without compiling; a wrong one is found', async () => {
  const kernel = portable('cube', (x) => x * x * x);
  const compiled = JSON.parse(JSON.stringify(await preparePortable(kernel)));
  const again = portable('cube', (x) => x * x * x, { compiled });
  expect(await preparePortable(again)).toBe(compiled);
  await checkKernel(again, { cases: [{ dims: { count: 9 } }] });
  await expect(checkKernel(portable('square', (x) => x * x, { compiled }), { cases: [{ dims: { count: 9 } }] })).rejects.toThrow('checkKernel: expected square.y on');
});

test('where memory is not shared it links as well', async () => {
  const kernel = portable('plus', (x) => x + 1);
  await preparePortable(kernel);
  const { SharedArrayBuffer: shared } = globalThis;
  Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
  const device = await createWasmDevice({ threads: 1, relaxedSimd: false }).finally(() => Object.assign(globalThis, { SharedArrayBuffer: shared }));
  const x = device.heap.alloc(20);
  device.f32(x, 5).set([1, 2, 3, 4, 5]);
  const y = device.heap.alloc(20);
  launch(device, kernel, { at: { x, y }, dims: { count: 5 } });
  expect([...device.f32(y, 5)]).toEqual([2, 3, 4, 5, 6]);
  expect(() => launch(device, kernel, { at: { x, y: x }, dims: { count: 5 } })).toThrow('plus: expected memory of its own for what it writes but found that of x');
  await device.close();
});

test('errors say what is missing', async () => {
  expect(() => portable('none', () => 1, { inputs: {} })).toThrow('none: expected at least one input but found none');
  expect(() => portable('two', (x) => x, { output: { y: { dims: ['count'] }, z: { dims: ['count'] } } })).toThrow('two: expected one output but found 2');
  expect(() => portable('apart', (x) => x, { inputs: { x: { dims: ['a', 'c'] } }, output: { y: { dims: ['a', 'b', 'c'] } } })).toThrow('expected the sizes of x to stand together in those of the output, [a, b, c]');
  expect(() => portableGradient(rmsNorm, (x) => x)).toThrow('portableGradient: expected a portable kernel but found rmsNorm');
  await expect(preparePortable(rmsNorm)).rejects.toThrow('preparePortable: expected a portable kernel but found rmsNorm');
  const wide = portable('wide', (x, w) => x + w, { inputs: { x: { dims: ['a', 'b'] }, w: { dims: ['b'] } } });
  expect(() => portableGradient(wide, [(_x, _w, dy) => dy, (_x, _w, dy) => dy])).toThrow('expected the gradient of a float input with the sizes of the output but found w');
  await expect(checkKernel(portable('early', (x) => x), { cases: [{ dims: { count: 1 } }] })).rejects.toThrow('Call await preparePortable(kernel) before its first launch');
});
