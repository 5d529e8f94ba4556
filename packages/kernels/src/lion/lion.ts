import { ratesOf } from '../common/rates.ts';
import { FLAT } from '../elementwise/flat-grain.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { lionReference } from './reference.ts';

const program = defineProgram({
  name: 'lion', source: wgsl.isNan + wgsl.lion, bindings: ['write', 'read', 'write', 'read'],
  params: { count: 'u32', lr: 'f32', weightDecay: 'f32', beta1: 'f32', rest1: 'f32', beta2: 'f32', rest2: 'f32', gradScale: 'f32' },
});

/** The numbers in `rates`. */
const RATES = 2;

/**
 * One Lion step in place, the gradient times `gradScale` first: every number moves by lr, or not at all. What changes from step to
 * step may come from memory: `rates` = [factor of lr, gradScale] stands in for `gradScale`, and where that is NaN the step is left
 * out, to the bit.
 */
export const lion: Kernel = defineKernel({
  name: 'lion',
  paper: 'https://arxiv.org/abs/2302.06675',
  inputs: { param: { dims: ['count'] }, grad: { dims: ['count'] }, m: { dims: ['count'] }, rates: { dims: ['rateCount'], optional: true } },
  outputs: { param: { dims: ['count'], inPlace: 'param' }, m: { dims: ['count'], inPlace: 'm' } },
  uniforms: { lr: 1e-4, weightDecay: 0, beta1: 0.9, beta2: 0.99, gradScale: 1 },
  derive: ratesOf('lion', RATES),
  reference: lionReference,
  wasm({ at, dims: { count = 0 }, uniforms: { lr: factor, weightDecay, beta1, beta2, gradScale }, device, run }) {
    const [given, scale] = (at.rates === 0 ? [1, gradScale] : device.f32(at.rates, RATES)) as [number, number];
    if (at.rates !== 0 && Number.isNaN(scale)) return;
    const lr = factor * given;
    const grain = Math.max(65_536, Math.ceil(count / 4000 / 4) * 4);
    run('lion', count, grain, at.param, at.grad, at.m, lr, 1 - lr * weightDecay, beta1, beta2, scale);
  },
  webgpu({ at, dims: { count = 0 }, uniforms: { lr, weightDecay, beta1, beta2, gradScale }, run }) {
    run(program, {
      bind: [at.param, at.grad, at.m, at.rates],
      params: { count, lr, weightDecay, beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, gradScale },
      grid: flatGrid(count, FLAT), constants: { HAS_RATES: Number(at.rates !== undefined) },
    });
  },
});
