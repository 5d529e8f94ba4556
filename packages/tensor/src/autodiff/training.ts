import type { Tensor } from '@tensorflow/tfjs-core';
import { internals } from './engine.ts';

let trained: ReadonlySet<number> | undefined;
let differentiating: ReadonlySet<number> | undefined;

/** Runs `fn` with `xs` known to be what gradients are asked for. */
export function whileTraining<T>(xs: readonly Tensor[], fn: () => T): T {
  const outer = trained;
  trained = new Set(xs.map(({ id }) => id));
  try {
    return fn();
  } finally {
    trained = outer;
  }
}

/** Runs `fn` with the tensors known, by id, that a backward pass over them goes through. */
export function whileDifferentiating<T>(ids: ReadonlySet<number>, fn: () => T): T {
  const outer = differentiating;
  differentiating = ids;
  try {
    return fn();
  } finally {
    differentiating = outer;
  }
}

/** Whether the backward pass that runs now asks for the gradient of this tensor, or of one that it is computed from. */
export function isTrained(id: number): boolean {
  return differentiating?.has(id) ?? false;
}

/**
 * Whether a gradient with respect to `tensor` will be asked for, as far as can be known while the forward pass runs: it is
 * one of the trained leaves, or was computed by a recorded operation. Lets an operation that computes gradients in its
 * forward pass leave out those of frozen weights. Call it before the operation starts: inside one nothing is recorded.
 */
export function needsGradient(tensor: Tensor): boolean {
  const engine = internals();
  const { activeTape, gradientDepth, kernelDepth } = engine.state;
  if (gradientDepth === 0 || kernelDepth > 0 || activeTape === null) return false;
  if (trained === undefined || trained.has(tensor.id)) return true;
  for (let i = activeTape.length - 1; i >= 0; i--) {
    if (activeTape[i]!.outputs.some(({ id }) => id === tensor.id)) return true;
  }
  return false;
}
