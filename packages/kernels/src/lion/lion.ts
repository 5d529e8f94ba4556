import { type Kernel, defineKernel } from '../kernel.ts';
import { lionReference } from './reference.ts';

/** One Lion step in place, the gradient times `gradScale` first: every number moves by lr, or not at all. */
export const lion: Kernel = defineKernel({
  name: 'lion',
  paper: 'https://arxiv.org/abs/2302.06675',
  inputs: { param: { dims: ['count'] }, grad: { dims: ['count'] }, m: { dims: ['count'] } },
  outputs: { param: { dims: ['count'], inPlace: 'param' }, m: { dims: ['count'], inPlace: 'm' } },
  uniforms: { lr: 1e-4, weightDecay: 0, beta1: 0.9, beta2: 0.99, gradScale: 1 },
  reference: lionReference,
  wasm({ at, dims: { count = 0 }, uniforms: { lr, weightDecay, beta1, beta2, gradScale }, run }) {
    const grain = Math.max(65_536, Math.ceil(count / 4000 / 4) * 4);
    run('lion', count, grain, at.param, at.grad, at.m, lr, 1 - lr * weightDecay, beta1, beta2, gradScale);
  },
});
