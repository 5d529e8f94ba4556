import * as kernels from '@llm/kernels';
import { expect } from '../expect.mjs';

// checkKernel compares every kernel with its reference on one small case: every size 4, where the sizes are free of each other.
const cases = {
  matmul: { dims: { batch: 1, m: 3, n: 5, k: 4, aSize: 12, bSize: 20 } },
};
const fours = ({ inputs, outputs }) => ({ dims: Object.fromEntries(Object.values({ ...inputs, ...outputs }).flatMap(({ dims }) => dims).map((dim) => [dim, 4])) });
const isKernel = (value) => typeof value?.wasm === 'function' && typeof value.reference === 'function';
for (const [name, kernel] of Object.entries(kernels).filter(([, value]) => isKernel(value))) {
  const ran = await kernels.checkKernel(kernel, { cases: [cases[name] ?? fours(kernel)] });
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
const device = await kernels.createWasmDevice({ threads: 2, relaxedSimd: kernels.hasRelaxedSimd() });
const x = device.heap.alloc(12);
const y = device.heap.alloc(12);
device.f32(x, 3).set([1, 2, 3]);
kernels.launch(device, double, { at: { x, y }, dims });
expect(device.f32(y, 3).join() === '2,4,6', `2,4,6 but found ${device.f32(y, 3).join()}`);
await device.close();
