import { type Leaf, mapLeaves, type Tensor, type Tree } from '@llm/tensor';
import { hashOf } from './host-random.ts';
import { isAdapterWeight } from './layers/adapter-layer.ts';

function seeded(leaf: Leaf, seed: number): Leaf {
  return isAdapterWeight(leaf) ? leaf.layer.over(seeded(leaf.base, seed + 2 ** 31), seed) : leaf;
}

/**
 * The same tree with the dropout of its adapters on. The masks are a function of seed and path, so a step can be repeated, on
 * any device; without this call nothing is dropped, which is what evaluation wants.
 *
 * @example
 * ```ts
 * import { lora, withDropout } from '@llm/lora';
 * import { flatten, linear, ones, useDevice, type Weight, zeros } from '@llm/tensor';
 * await useDevice('cpu');
 * const params = lora({ proj: { weight: zeros([2, 64]) } }, { targets: ['proj'], dropout: 0.5, init: ({ rank, inputs, outputs }) => ({ a: ones([rank, inputs]), b: ones([outputs, rank]) }) });
 * const run = (tree: typeof params) => linear(ones([1, 64]), (tree.proj as { weight: Weight }).weight).dataSync()[0];
 * if (run(withDropout(params, 1)) !== run(withDropout(params, 1)) || run(params) !== 512) throw new Error('seeded, and off by default');
 * if (Object.keys(flatten(withDropout(params, 1))).length !== 3) throw new Error('the same tensors');
 * ```
 */
export function withDropout<P extends Tree>(params: P, seed: number): P {
  return mapLeaves(params, (leaf, path) => seeded(leaf, (seed >>> 0) % 2 ** 31 + 2 ** 32 * (hashOf(path) % 2 ** 21))) as P;
}

/** Whether some layer of the tree drops anything. */
function drops(params: Tree): boolean {
  let found = false;
  mapLeaves(params, (leaf) => {
    for (let inner: Leaf = leaf; isAdapterWeight(inner); inner = inner.base) {
      const { settings } = inner.layer as { settings?: { dropout?: number } };
      if ((settings?.dropout ?? 0) > 0) found = true;
    }
    return leaf;
  });
  return found;
}

/**
 * A loss with the dropout of adapters on, each step with the seed that `train` gives it. Where no adapter drops anything the
 * seed is not asked for, so that a recorded step stays one recording.
 */
export function dropoutLoss<P extends Tree, B, C extends { readonly seed: number }>(loss: (params: P, batch: B, context: C) => Tensor): (params: P, batch: B, context: C) => Tensor {
  return (params, batch, context) => loss(drops(params) ? withDropout(params, context.seed) : params, batch, context);
}
