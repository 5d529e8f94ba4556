import * as kernels from '@llm/kernels';
import { expect } from '../expect.mjs';

// checkKernel compares every kernel with its reference on one small case. Where sizes are free of each other, each is 4;
// where integers go in, they count 0, 1, 2, 3 and again.
const dims4 = (kernel) => Object.fromEntries(Object.values({ ...kernel.inputs, ...kernel.outputs }).flatMap(({ dims }) => dims).map((dim) => [dim, 4]));
const integers = ({ inputs }) => Object.fromEntries(Object.entries(inputs).filter(([, { dtype }]) => dtype === 'int32')
  .map(([name]) => [name, (random, length) => Array.from({ length }, (_, i) => i % 4)]));
const dimsOf = {
  matmul: { batch: 1, m: 3, n: 5, k: 4, aSize: 12, bSize: 20 },
  binary: { rows: 4, cols: 4, aSize: 16, bSize: 16 },
  rope: { batch: 1, positions: 4, heads: 2, width: 8, tablePositions: 4, half: 4 },
  adamw: { count: 4 },
  lion: { count: 4 },
  muonDirection: { count: 4, total: 4 },
  muonStep: { count: 4, total: 4 },
  quantizedMatmul: { m: 3, n: 5, k: 32 },
  quantizedRows: { rows: 4, width: 4, count: 4 },
};
const fractions = (random, length) => Array.from({ length }, random);
// Whole numbers up to 127 lose nothing in signed bytes.
const inBytes = (random, length) => Array.from({ length }, (_, i) => (i % 32 === 0 ? 127 : i % 7));
const inputsOf = { adamw: { v: fractions }, sample: { draws: fractions }, quantizedMatmul: { x: inBytes, codes: inBytes } };
const isKernel = (value) => typeof value?.wasm === 'function' && typeof value.reference === 'function';
for (const [name, kernel] of Object.entries(kernels).filter(([, value]) => isKernel(value))) {
  const ran = await kernels.checkKernel(kernel, { cases: [{ dims: dimsOf[name] ?? dims4(kernel), inputs: inputsOf[name] ?? integers(kernel) }] });
  expect(Object.values(ran).every((count) => count === 1), `one case of ${name} on every device but found ${JSON.stringify(ran)}`);
}
kernels.checkGradient(kernels.rmsNorm, kernels.rmsNormBackward, {
  cases: [{ dims: { rows: 2, cols: 3 } }], gradients: { x: 'dx', weight: 'dweight' }, dy: { y: 'dy' },
});

const double = kernels.defineKernel({
  name: 'double',
  inputs: { x: { dims: ['n'] } },
  outputs: { y: { dims: ['n'] } },
  uniforms: {},
  reference: ({ x, y }) => x.forEach((value, i) => { y[i] = 2 * value; }),
  wasm: ({ at, dims, device }) => device.f32(at.y, dims.n).set(device.f32(at.x, dims.n).map((value) => 2 * value)),
});
const dims = kernels.resolveDims(double, { x: [3] });
expect(kernels.portShape(double, 'y', dims)[0] === 3, 'y to be as long as x');
expect(kernels.canMultiplyCodes({ k: 64, bits: 4, blockSize: 32 }) && !kernels.canMultiplyCodes({ k: 48, bits: 4, blockSize: 32 }), 'whole blocks in a row');
expect(kernels.headWords(64, 8) === 18, 'a head of 64 in 16 words and two scales');
expect(kernels.hasSimd(), 'an engine with SIMD');
const device = await kernels.createWasmDevice({ threads: 2, relaxedSimd: kernels.hasRelaxedSimd() });
const x = device.heap.alloc(12);
const y = device.heap.alloc(12);
device.f32(x, 3).set([1, 2, 3]);
kernels.launch(device, double, { at: { x, y }, dims });
expect(device.f32(y, 3).join() === '2,4,6', `2,4,6 but found ${device.f32(y, 3).join()}`);

// A product as part of a kernel of one's own.
const product = kernels.defineKernel({
  ...double,
  name: 'product',
  wasm: ({ at, run, temporary }) => {
    const shape = { a: at.x, b: at.x, c: at.y, m: 1, n: 1, k: 3, transposeB: 1 };
    kernels.runMatmul({ run, temporary }, { ...shape, packed: kernels.packB({ run, temporary }, shape) });
  },
});
kernels.launch(device, product, { at: { x, y }, dims });
expect(device.f32(y, 1)[0] === 14, `1 + 4 + 9 but found ${device.f32(y, 1)[0]}`);

// Many tensors in one pass.
device.f32(x, 3).set([3, 0, 4]);
expect(kernels.globalNormMany(device, [{ address: x, count: 3 }]) === 5, 'the norm 5');
const [m, v] = [device.heap.alloc(12), device.heap.alloc(12)];
for (const address of [m, v, y]) device.f32(address, 3).fill(0);
kernels.adamwMany(device, [{ param: y, grad: x, m, v, count: 3, lr: 0.5, weightDecay: 0 }], { beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 1 });
expect(Math.abs(device.f32(y, 1)[0] + 0.5) < 1e-5, `a first step of lr against the gradient but found ${device.f32(y, 1)[0]}`);
expect(kernels.philox(1).word() === kernels.philox(1).word(), 'the same seed to give the same number');
await device.close();

// A portable kernel of one's own; beside the tarball there is no gpu.js, which is said.
const slope = kernels.portable('slope', (x, s) => Math.max(x, s * x), { uniforms: { s: 0.1 } });
const slopeBackward = kernels.portableGradient(slope, (x, dy, s) => (x > 0 ? dy : s * dy));
kernels.checkGradient(slope, slopeBackward, { cases: [{ dims: { count: 9 } }], gradients: { x: 'dx' }, dy: { y: 'dy' } });
const missing = await kernels.preparePortable(slope).then(() => 'compiled', ({ message }) => message);
expect(missing === 'compiled' || missing.includes('Install it (npm install gpu.js)'), `a word on how to install gpu.js but found ${missing}`);

// On a graphics card where there is one: the same kernel, its own program, and the norm of many.
expect(kernels.askedDevices().length > 0, 'some device to be asked for');
const program = kernels.defineProgram({
  name: 'double', bindings: ['read', 'write'], params: { count: 'u32' },
  source: `struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { if (id.x < params.count) { y[id.x] = 2.0 * x[id.x]; } }`,
});
const onGpu = { ...double, webgpu: ({ at, dims: { n }, run }) => run(program, { bind: [at.x, at.y], params: { count: n }, grid: kernels.flatGrid(n, 64) }) };
const gpu = await kernels.createGpuDevice().catch((error) => {
  expect(error instanceof kernels.GpuError && error.code === 'E_NO_GPU', `no graphics card, said by its code, but found ${error}`);
  return undefined;
});
const calls = [];
const card = gpu ?? { alloc: (bytes) => ({ bytes }), free() {}, write() {}, run: (...call) => calls.push(call) };
const [a, b, norm] = [12, 12, 4].map((bytes) => card.alloc(bytes));
card.write(a, Float32Array.of(3, 0, 4));
kernels.launchGpu(card, onGpu, { at: { x: a, y: b }, dims });
kernels.globalNormManyOnGpu(card, { tensors: [{ memory: a, count: 3 }, { memory: b, count: 3 }], norm });
// What a card is fastest with is measured where there is one.
await kernels.tuneMatmul(card, gpu === undefined ? [] : [{ batch: 1, m: 8, n: 8, k: 8, transposeA: 0, transposeB: 0, precision: 0 }]);
if (gpu === undefined) {
  expect(calls.length === 4, `a product, two sums of squares and their norm but found ${calls.length} dispatches`);
  await kernels.findAdapter().then(() => expect(false, 'no adapter'), ({ code }) => expect(code === 'E_NO_GPU', 'the code E_NO_GPU'));
} else {
  expect((await kernels.findAdapter()).description.length > 0, 'the name of the adapter');
  expect(Math.abs(new Float32Array(await gpu.read(norm))[0] - Math.sqrt(125)) < 1e-4, '√125 of 3, 0, 4 and twice that');
  gpu.close();
}
