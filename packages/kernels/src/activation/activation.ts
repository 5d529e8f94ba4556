import { flatGrain } from '../elementwise/flat-grain.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { activationBackwardReference, activationReference } from './reference.ts';

/** y = f(x) element by element, with `activation` from ACTIVATIONS. y may be the memory of x. */
export const activation: Kernel = defineKernel({
  name: 'activation',
  inputs: { x: { dims: ['count'] } },
  outputs: { y: { dims: ['count'] } },
  uniforms: { activation: 0 },
  reference: activationReference,
  wasm({ at, dims: { count = 0 }, uniforms, run }) {
    run('activation', count, flatGrain(count), at.x, at.y, uniforms.activation);
  },
});

/** dx = dy · f′(x), from the input of the activation. */
export const activationBackward: Kernel = defineKernel({
  name: 'activationBackward',
  inputs: { dy: { dims: ['count'] }, x: { dims: ['count'] } },
  outputs: { dx: { dims: ['count'] } },
  uniforms: { activation: 0 },
  reference: activationBackwardReference,
  wasm({ at, dims: { count = 0 }, uniforms, run }) {
    run('activationBackward', count, flatGrain(count), at.dy, at.x, at.dx, uniforms.activation);
  },
});
