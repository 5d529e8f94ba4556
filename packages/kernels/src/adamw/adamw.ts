import { type Kernel, defineKernel } from '../kernel.ts';
import { adamwMany } from './adamw-many.ts';
import { adamwReference } from './reference.ts';

/** One AdamW step over one tensor, in place; `adamwMany` takes all tensors of a model at once. */
export const adamw: Kernel = defineKernel({
  name: 'adamw',
  paper: 'https://arxiv.org/abs/1711.05101',
  inputs: { param: { dims: ['count'] }, grad: { dims: ['count'] }, m: { dims: ['count'] }, v: { dims: ['count'] } },
  outputs: {
    param: { dims: ['count'], inPlace: 'param' }, m: { dims: ['count'], inPlace: 'm' }, v: { dims: ['count'], inPlace: 'v' },
  },
  uniforms: { lr: 1e-3, weightDecay: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 1, gradScale: 1 },
  reference: adamwReference,
  wasm({ at, dims: { count = 0 }, uniforms: { lr, weightDecay, ...options }, device }) {
    adamwMany(device, [{ param: at.param, grad: at.grad, m: at.m, v: at.v, count, lr, weightDecay }], options);
  },
});
