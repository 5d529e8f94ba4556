import { tidy, type Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.ts';
import { backward, record, release, type Tape } from './tape.ts';
import { isTrained, needsGradient, whileTraining } from './training.ts';

/**
 * A segment that keeps only its inputs and is run again in the backward pass: memory for time.
 *
 *   checkpointed(f)(x, …θ) = f(x, …θ), one tensor or several
 *
 * Gradients are the same to the bit where f is deterministic: give dropout an explicit seed. Every tensor that needs a
 * gradient must be an argument; any other that f uses must be alive during the backward pass, so pass what was computed in
 * the loss as an argument too.
 *
 * Chen et al. 2016, https://arxiv.org/abs/1604.06174
 */
export function checkpointed<A extends readonly Tensor[], Y extends Tensor | Tensor[] = Tensor>(segment: (...inputs: A) => Y): (...inputs: A) => Y {
  return (...inputs) => {
    const wanted = inputs.map(needsGradient);
    return differentiable<Y>({
      inputs: Object.fromEntries(inputs.map((input, i) => [String(i), input])),
      forward: (save) => {
        save([...inputs]);
        return tidy(() => segment(...inputs));
      },
      backward: (dy, saved) => {
        const xs = saved.filter((_, i) => wanted[i]);
        const { result, tape } = whileTraining(xs, () => record(() => segment(...(saved as unknown as A))));
        refuseCaptured(tape, saved);
        const [results, dys] = [[result].flat(), [dy].flat()] as [Tensor[], (Tensor | undefined)[]];
        // A result that nothing was made of brings no gradient.
        const used = results.flatMap((y, i) => (dys[i] === undefined ? [] : [[y, dys[i]] as const]));
        const gradients = backward(tape, used.map(([y]) => y), used.map(([, dy]) => dy), xs);
        return Object.fromEntries(saved.map((input, i) => [String(i), () => {
          const gradient = gradients[xs.indexOf(input)];
          if (gradient === undefined) throw new Error(`checkpointed: expected the result to depend on argument ${i} but found that it does not`);
          return gradient;
        }]));
      },
    });
  };
}

/** A trained tensor that reached the segment around its arguments would silently get no gradient. */
function refuseCaptured(tape: Tape, given: readonly Tensor[]): void {
  const own = new Set(given.map(({ id }) => id));
  for (const { inputs, kernelName } of tape) {
    for (const { id, shape } of Object.values(inputs)) {
      if (own.has(id) || !isTrained(id)) continue;
      release(tape);
      throw new Error(
        `checkpointed: expected every tensor that needs a gradient to be an argument but found one [${shape.join(', ')}] `
        + `that ${kernelName.replace(/__op$/, '') || 'an operation'} uses from outside. Pass it to the segment.`,
      );
    }
  }
}
