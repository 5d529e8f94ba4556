import { ratesOf } from '../common/rates.ts';
import { flatGrain } from '../elementwise/flat-grain.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { muonDirectionReference, muonStepReference } from './reference.ts';

const directionProgram = defineProgram({
  name: 'muonDirection', source: wgsl.isNan + wgsl.muonDirection, bindings: ['write', 'read', 'write', 'read'],
  params: { count: 'u32', offset: 'u32', beta: 'f32', rest: 'f32', gradScale: 'f32' },
});

const stepProgram = defineProgram({
  name: 'muonStep', source: wgsl.isNan + wgsl.muonStep, bindings: ['write', 'read', 'read'],
  params: { count: 'u32', offset: 'u32', lr: 'f32', weightDecay: 'f32', factor: 'f32' },
});

/** The numbers in `rates`. */
const RATES = 2;
/** Numbers of a workgroup, one for each invocation: directions may begin anywhere, so that words of four would not fit. */
const GROUP = 256;

/**
 * The first half of a Muon step: the momentum of a matrix in place, b ← β b + (1 − β) g with g the gradient times `gradScale`, and what is to be
 * orthogonalized, (1 − β) g + β b with `nesterov` and b without, written into `directions` from `offset` on, where those of other matrices
 * may lie too. `rates` = [factor of lr, gradScale] stands in for `gradScale`, and where that is NaN nothing changes, to the bit.
 */
export const muonDirection: Kernel = defineKernel({
  name: 'muonDirection',
  paper: 'https://kellerjordan.github.io/posts/muon/',
  inputs: { momentum: { dims: ['count'] }, grad: { dims: ['count'] }, directions: { dims: ['total'] }, rates: { dims: ['rateCount'], optional: true } },
  outputs: { momentum: { dims: ['count'], inPlace: 'momentum' }, directions: { dims: ['total'], inPlace: 'directions' } },
  uniforms: { beta: 0.95, nesterov: 1, offset: 0, gradScale: 1 },
  derive: ratesOf('muonDirection', RATES),
  reference: muonDirectionReference,
  wasm({ at, dims: { count = 0 }, uniforms: { beta, nesterov, offset, gradScale }, device, run }) {
    const scale = at.rates === 0 ? gradScale : device.f32(at.rates, RATES)[1]!;
    if (at.rates !== 0 && Number.isNaN(scale)) return;
    run('muonDirection', count, flatGrain(count), at.momentum, at.grad, at.directions + 4 * offset, beta, (1 - beta) * scale, nesterov);
  },
  webgpu({ at, dims: { count = 0 }, uniforms: { beta, nesterov, offset, gradScale }, run }) {
    run(directionProgram, {
      bind: [at.momentum, at.grad, at.directions, at.rates], params: { count, offset, beta, rest: 1 - beta, gradScale },
      grid: flatGrid(count, GROUP), constants: { HAS_RATES: Number(at.rates !== undefined), NESTEROV: nesterov },
    });
  },
});

/**
 * The second half of a Muon step, in place: p ← p (1 − lr · weightDecay) − lr · factor · d, with the orthogonalized direction d of this
 * matrix in `directions` from `offset` on. `rates` = [factor of lr, gradScale] as in `muonDirection`.
 */
export const muonStep: Kernel = defineKernel({
  name: 'muonStep',
  paper: 'https://kellerjordan.github.io/posts/muon/',
  inputs: { param: { dims: ['count'] }, directions: { dims: ['total'] }, rates: { dims: ['rateCount'], optional: true } },
  outputs: { param: { dims: ['count'], inPlace: 'param' } },
  uniforms: { lr: 0.02, weightDecay: 0, factor: 1, offset: 0 },
  derive: ratesOf('muonStep', RATES),
  reference: muonStepReference,
  wasm({ at, dims: { count = 0 }, uniforms: { lr, weightDecay, factor, offset }, device, run }) {
    const [given, gradScale] = (at.rates === 0 ? [1, 1] : device.f32(at.rates, RATES)) as [number, number];
    if (Number.isNaN(gradScale)) return;
    const rate = lr * given;
    run('muonStep', count, flatGrain(count), at.param, at.directions + 4 * offset, 1 - rate * weightDecay, rate * factor);
  },
  webgpu({ at, dims: { count = 0 }, uniforms: { lr, weightDecay, factor, offset }, run }) {
    run(stepProgram, {
      bind: [at.param, at.directions, at.rates], params: { count, offset, lr, weightDecay, factor },
      grid: flatGrid(count, GROUP), constants: { HAS_RATES: Number(at.rates !== undefined) },
    });
  },
});
