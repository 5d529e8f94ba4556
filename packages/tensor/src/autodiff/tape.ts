import { add, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { internals, type TapeNode } from './engine.ts';
import { whileDifferentiating } from './training.ts';

export type Tape = readonly TapeNode[];

/**
 * Runs `fn` and returns its result with the operations that it recorded. Everything that `fn` made and the backward pass
 * does not need is freed at once; the result belongs to the caller's scope. May be nested.
 */
export function record<T>(fn: () => T): { result: T; tape: Tape } {
  const engine = internals();
  const { activeTape, gradientDepth, kernelDepth } = engine.state;
  const tape: TapeNode[] = [];
  let result: T | undefined;
  engine.state.activeTape = tape;
  engine.state.gradientDepth = 1;
  engine.state.kernelDepth = 0;
  engine.startScope('record');
  try {
    result = fn();
    return { result, tape };
  } catch (error) {
    release(tape);
    throw error;
  } finally {
    engine.endScope(result);
    engine.state.activeTape = activeTape;
    engine.state.gradientDepth = gradientDepth;
    engine.state.kernelDepth = kernelDepth;
  }
}

/** Frees what a tape kept for a backward pass that will not come. */
export function release(tape: Tape): void {
  for (const { saved = [] } of tape) for (const tensor of saved) if (!tensor.isDisposed) tensor.dispose();
}

/** The tensors whose value depends on `xs`, by id. Whole numbers and truth values have no gradient, so nothing depends on xs through them. */
function reachable(tape: Tape, xs: readonly Tensor[]): Set<number> {
  const ids = new Set(xs.map(({ id }) => id));
  for (const { inputs, outputs } of tape) {
    if (!Object.values(inputs).some((input) => ids.has(input.id))) continue;
    for (const { id, dtype } of outputs) if (dtype === 'float32' || dtype === 'complex64') ids.add(id);
  }
  return ids;
}

/**
 * Reverse-mode differentiation over a tape: dL/dx for each x, given dL/dy for each output y; undefined where y does not
 * depend on x. Uses the tape up: what an operation saved, and the gradient of its output, is freed as soon as it is used, so
 * memory falls while the pass goes back.
 */
export function backward(tape: Tape, ys: readonly Tensor[], dys: readonly Tensor[], xs: readonly Tensor[]): (Tensor | undefined)[] {
  const engine = internals();
  const depends = reachable(tape, xs);
  const wanted = new Set(xs.map(({ id }) => id));
  const gradients = new Map<number, Tensor>();
  const own = (id: number, gradient: Tensor): void => {
    const sum = gradients.get(id);
    if (sum === undefined) {
      gradients.set(id, gradient);
      return;
    }
    gradients.set(id, add(sum, gradient));
    sum.dispose();
    gradient.dispose();
  };
  const { activeTape, gradientDepth, kernelDepth } = engine.state;
  engine.state.activeTape = null;
  engine.state.gradientDepth = 0;
  engine.state.kernelDepth = 0;
  try {
    ys.forEach((y, i) => own(y.id, dys[i]!.clone()));
    for (let i = tape.length - 1; i >= 0; i--) {
      const node = tape[i]!;
      const incoming = node.outputs.map(({ id }) => gradients.get(id));
      if (incoming.some((dy) => dy !== undefined)) {
        const names = Object.keys(node.inputs).filter((name) => depends.has(node.inputs[name]!.id));
        if (names.length > 0) {
          const found = whileDifferentiating(depends, () => gradientsOf(node, incoming, names));
          for (const [name, gradient] of found) own(node.inputs[name]!.id, gradient);
        }
        for (const output of node.outputs) {
          if (wanted.has(output.id)) continue;
          gradients.get(output.id)?.dispose();
          gradients.delete(output.id);
        }
      }
      for (const tensor of node.saved ?? []) if (!tensor.isDisposed) tensor.dispose();
    }
    return xs.map(({ id }) => gradients.get(id));
  } finally {
    release(tape);
    engine.state.activeTape = activeTape;
    engine.state.gradientDepth = gradientDepth;
    engine.state.kernelDepth = kernelDepth;
  }
}

/** The gradients of one operation with respect to the named inputs, each a tensor that nobody else holds. */
function gradientsOf(node: TapeNode, incoming: readonly (Tensor | undefined)[], names: readonly string[]): [string, Tensor][] {
  if (node.gradient === undefined) {
    throw new Error(`backward: expected a gradient for ${node.kernelName} but found none. Write the step with operations that have one.`);
  }
  const taken = new Set(incoming.map((dy) => dy?.id));
  return tidy(() => {
    const thunks = node.gradient!([...incoming]);
    return names.map((name): [string, Tensor] => {
      const thunk = thunks[name];
      if (thunk === undefined) {
        throw new Error(`backward: expected ${node.kernelName} to have a gradient for its input ${name} but found none`);
      }
      const gradient = thunk();
      if (!taken.has(gradient.id)) {
        taken.add(gradient.id);
        return [name, gradient];
      }
      return [name, gradient.clone()];
    }) as unknown as Tensor[];
  }) as unknown as [string, Tensor][];
}
