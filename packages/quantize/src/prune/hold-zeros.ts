import { cast, isWeight, type Leaf, linear, leaves, mapLeaves, mul, scope, type Tensor, tensor, type Tree, unflatten, type Weight } from '@llm/tensor';
import { type Chosen, linearsOf } from '../tree/linears.ts';

/** A matrix whose zeros stay zeros, whatever an optimizer does to it. */
interface HeldWeight extends Weight {
  readonly held: true;
}

function isHeldWeight(leaf: Leaf): leaf is HeldWeight {
  return isWeight(leaf) && 'held' in leaf;
}

/** The mask is of whole numbers, so that nothing trains it. */
function heldWeight(weight: Tensor, mask: Tensor, transposed: boolean): HeldWeight {
  const [first = 0, second = 0] = weight.shape;
  const matrix = (): Tensor => mul(weight, cast(mask, 'float32'));
  const applyWith: NonNullable<Weight['applyWith']> = (x, epilogue) => linear(x, matrix(), { ...epilogue, transposed });
  return {
    shape: transposed ? [second, first] : [first, second],
    tensors: { weight, mask },
    with: ({ weight, mask }) => heldWeight(weight!, mask!, transposed),
    apply: (x) => applyWith(x, {}),
    applyWith,
    matrix,
    held: true,
  };
}

/**
 * The tree with pruned matrices as weights whose zeros stay through training: they take no part in products and get no gradient.
 *
 *   y = x · (W ∘ M)ᵀ,  M = 1 where W is not 0
 *
 * The plain tensors are trained in place; `releaseZeros` gives plain tensors again.
 *
 * @example
 * ```ts
 * import { holdZeros, releaseZeros } from '@llm/quantize';
 * import { sum, tensor, useDevice, valueAndGrad, linear } from '@llm/tensor';
 * await useDevice('cpu');
 * const params = await holdZeros({ proj: { weight: tensor([[0, 2]]) } });
 * const { grads } = valueAndGrad((p: any) => sum(linear(tensor([[1, 1]]), p.proj.weight)))(params);
 * if (grads['proj.weight.weight']?.dataSync().join() !== '0,1') throw new Error('nothing for the zero');
 * releaseZeros(params);
 * ```
 */
export async function holdZeros(params: Tree, chosen: Chosen = {}): Promise<Tree> {
  const linears = new Map(linearsOf(params, chosen).map((linear) => [linear.path, linear]));
  const entries: [string, Leaf][] = [];
  for (const [path, leaf] of leaves(params)) {
    const linear = linears.get(path);
    if (linear !== undefined && isWeight(leaf) && leaf.data !== undefined) throw new TypeError(`holdZeros: expected a matrix in one tensor but found row blocks at ${path}. Train on a device that holds it whole, or leave it out with include.`);
    if (linear === undefined || isWeight(leaf)) entries.push([path, leaf]);
    else {
      const mask = Int32Array.from(await leaf.data(), (value) => Number(value !== 0));
      entries.push([path, heldWeight(leaf, tensor(mask, leaf.shape as [number, number], 'int32'), linear.transposed)]);
    }
  }
  return unflatten(entries);
}

/** The tree with plain matrices again, zeros in their places, as new tensors. */
export function releaseZeros(params: Tree): Tree {
  return mapLeaves(params, (leaf) => (isHeldWeight(leaf) ? scope(() => leaf.matrix!()) : leaf));
}
