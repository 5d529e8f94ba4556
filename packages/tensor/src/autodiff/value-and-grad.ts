import { onesLike, type Tensor, tidy } from '@tensorflow/tfjs-core';
import './correct-gradients.ts';
import { flatten, type Tree } from '../tree/tree.ts';
import { backward, record, release } from './tape.ts';
import { whileTraining } from './training.ts';

const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'dataId' in value;

/** The loss in what the user's function returned, or undefined where there is none. */
function lossOf(result: unknown): Tensor | undefined {
  const loss = isTensor(result) ? result : (result as { loss?: unknown } | null | undefined)?.loss;
  return isTensor(loss) ? loss : undefined;
}

const kindOf = (value: unknown): string => (value instanceof Promise ? 'a promise. Write a loss that is not async' : typeof value);

/** Gradients by path, such as `model.layers.0.self_attn.q_proj.weight`. */
export type Gradients = Record<string, Tensor>;

/**
 * The value of a loss with its gradient with respect to the trainable leaves of a parameter tree.
 *
 *   (L, ∂L/∂θ)  where L = loss(params, ...args) is a scalar
 *
 * The loss may instead return `{ loss, … }` with further tensors, which come back beside the loss. `trainable` says which
 * paths take part; default: every float32 leaf. A leaf that the loss does not touch has no entry; a
 * tensor that stands at several paths has one, under the first, so that no optimizer moves it twice.
 *
 * @example
 * ```ts
 * import { tensor, useDevice, valueAndGrad } from '@llm/tensor';
 * import { square, sum } from '@tensorflow/tfjs-core';
 * await useDevice('cpu');
 * const { value, grads } = valueAndGrad((p: { w: ReturnType<typeof tensor> }) => sum(square(p.w)))({ w: tensor([1, -2]) });
 * if (value.dataSync()[0] !== 5 || grads.w?.dataSync()[1] !== -4) throw new Error('wrong gradient');
 * ```
 */
export function valueAndGrad<P extends Tree, A extends readonly unknown[], R extends Tensor | ({ loss: Tensor } & Record<string, unknown>)>(
  loss: (params: P, ...args: A) => R,
  { trainable = () => true }: { trainable?: (path: string) => boolean } = {},
): (params: P, ...args: A) => { value: R; grads: Gradients } {
  return (params, ...args) => {
    const seen = new Set<Tensor>();
    const leaves = Object.entries(flatten(params)).filter(([path, leaf]) => {
      const taken = leaf.dtype === 'float32' && trainable(path) && !seen.has(leaf);
      if (taken) seen.add(leaf);
      return taken;
    });
    if (leaves.length === 0) {
      const names = Object.entries(flatten(params)).filter(([, { dtype }]) => dtype === 'float32').map(([path]) => path);
      throw new RangeError(`valueAndGrad: expected at least one trainable leaf but found none. ${names.length === 0 ? 'Give a tree with float32 leaves' : `Check the trainable filter; there are ${names.slice(0, 10).join(', ')}${names.length > 10 ? `, … (${names.length} in all)` : ''}`}.`);
    }
    const xs = leaves.map(([, leaf]) => leaf);
    const grads: Gradients = {};
    const value = tidy(() => {
      const { result, tape } = whileTraining(xs, () => record(() => loss(params, ...args)));
      const y = lossOf(result);
      if (y === undefined) {
        release(tape);
        throw new TypeError(`valueAndGrad: expected the loss to be a tensor, or an object with one as \`loss\`, but found ${kindOf(result)}`);
      }
      if (y.size !== 1) {
        release(tape);
        throw new RangeError(`valueAndGrad: expected the loss to be one number but found shape [${y.shape.join(', ')}]. Sum or average it.`);
      }
      const found = tidy(() => {
        const gradients = backward(tape, [y], [onesLike(y)], xs);
        leaves.forEach(([path], i) => { if (gradients[i] !== undefined) grads[path] = gradients[i]; });
        return grads;
      });
      return [result, found] as never;
    }) as unknown as [R, Gradients];
    return { value: value[0], grads: value[1] };
  };
}
