import { ratesOf } from '../common/rates.ts';
import { FLAT } from '../elementwise/flat-grain.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { adamwCorrected, adamwMany } from './adamw-many.ts';
import { adamwReference } from './reference.ts';

const program = defineProgram({
  name: 'adamw', source: wgsl.isNan + wgsl.adamw, bindings: ['write', 'read', 'write', 'write', 'read'],
  params: {
    count: 'u32', lr: 'f32', weightDecay: 'f32', rest1: 'f32', beta2: 'f32', rest2: 'f32', eps: 'f32', correction1: 'f32', correction2: 'f32', gradScale: 'f32',
  },
});

/** The numbers in `rates`. */
const RATES = 4;

/**
 * One AdamW step over one tensor, in place; `adamwMany` takes all tensors of a model at once. What changes from step to step may
 * come from memory: `rates` = [factor of lr, 1 − β₁ᵗ, 1 − β₂ᵗ, gradScale] stands in for `step` and `gradScale`, and where its gradScale
 * is NaN the step is left out, to the bit.
 */
export const adamw: Kernel = defineKernel({
  name: 'adamw',
  paper: 'https://arxiv.org/abs/1711.05101',
  inputs: {
    param: { dims: ['count'] }, grad: { dims: ['count'] }, m: { dims: ['count'] }, v: { dims: ['count'] },
    rates: { dims: ['rateCount'], optional: true },
  },
  outputs: {
    param: { dims: ['count'], inPlace: 'param' }, m: { dims: ['count'], inPlace: 'm' }, v: { dims: ['count'], inPlace: 'v' },
  },
  uniforms: { lr: 1e-3, weightDecay: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 1, gradScale: 1 },
  derive: ratesOf('adamw', RATES),
  reference: adamwReference,
  wasm({ at, dims: { count = 0 }, uniforms: { lr, weightDecay, ...options }, device }) {
    const tensor = { param: at.param, grad: at.grad, m: at.m, v: at.v, count, lr, weightDecay };
    if (at.rates === 0) {
      adamwMany(device, [tensor], options);
      return;
    }
    const [factor, correction1, correction2, gradScale] = device.f32(at.rates, RATES) as unknown as [number, number, number, number];
    if (!Number.isNaN(gradScale)) adamwCorrected(device, [{ ...tensor, lr: lr * factor }], { ...options, correction1, correction2, gradScale });
  },
  webgpu({ at, dims: { count = 0 }, uniforms: { lr, weightDecay, beta1, beta2, eps, step, gradScale }, run }) {
    run(program, {
      bind: [at.param, at.grad, at.m, at.v, at.rates],
      params: {
        count, lr, weightDecay, rest1: 1 - beta1, beta2, rest2: 1 - beta2, eps, correction1: 1 - beta1 ** step, correction2: 1 - beta2 ** step, gradScale,
      },
      grid: flatGrid(count, FLAT), constants: { HAS_RATES: Number(at.rates !== undefined) },
    });
  },
});
