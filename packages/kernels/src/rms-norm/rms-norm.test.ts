import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { rmsNorm, rmsNormBackward } from './rms-norm.ts';

const cases = [
  { dims: { rows: 1, cols: 1 } },
  { dims: { rows: 5, cols: 123 }, uniforms: { eps: 1e-5 } },
  { dims: { rows: 257, cols: 384 } },
  { dims: { rows: 3, cols: 7 } },
  // Rows by words of four and of one: many to a workgroup, and two blocks of columns.
  { dims: { rows: 67, cols: 4 } },
  { dims: { rows: 9, cols: 36 } },
  { dims: { rows: 2, cols: 4100 } },
  { dims: { rows: 3, cols: 1027 } },
  { dims: { rows: 0, cols: 6 } },
];

test('rmsNorm equals its reference', async () => {
  const ran = await checkKernel(rmsNorm, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('rmsNormBackward equals its reference', async () => {
  // The last: more rows than there are stretches, so that each is two rows but for one.
  await checkKernel(rmsNormBackward, { cases: [...cases.map(({ dims }) => ({ dims })), { dims: { rows: 515, cols: 521 } }], tolerance: 5e-5 });
});

test('the gradient of the reference is right by central differences', () => {
  checkGradient(rmsNorm, rmsNormBackward, {
    cases: [{ dims: { rows: 3, cols: 5 } }], gradients: { x: 'dx', weight: 'dweight' }, dy: { y: 'dy' },
  });
});
