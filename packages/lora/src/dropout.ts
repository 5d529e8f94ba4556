import { type Leaf, mapLeaves, type Seed, type Tensor, type Tree } from '@llm/tensor';
import { hashOf } from './host-random.ts';
import { isAdapterWeight } from './layers/adapter-layer.ts';

/** Sites by name, each another: from 2³¹ on, where those of models end. */
function sites(): (name: string) => number {
  const taken = new Set<number>();
  return (name) => {
    let site = hashOf(name) % 2 ** 31;
    while (taken.has(site)) site = (site + 1) % 2 ** 31;
    taken.add(site);
    return 2 ** 31 + site;
  };
}

/**
 * The same tree with the dropout of its adapters on. The masks are a function of seed and path, so a step can be repeated, on
 * any device; no two layers share one. Without this call nothing is dropped, which is what evaluation wants.
 *
 * A seed in memory is read where a layer acts, so it must live until the backward pass is through.
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
export function withDropout<P extends Tree>(params: P, seed: Seed): P {
  const siteOf = sites();
  const seeded = (leaf: Leaf, name: string): Leaf => (
    isAdapterWeight(leaf) ? leaf.layer.over(seeded(leaf.base, `${name}.base`), { seed, site: siteOf(name) }) : leaf
  );
  return mapLeaves(params, seeded) as P;
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
 * A loss with the dropout of adapters on, each step with the seed that `train` gives it; a step that is recorded (`compile`) drops
 * other values at each replay. Where no adapter drops anything the seed is not asked for.
 */
export function dropoutLoss<P extends Tree, B, C extends { readonly seed: Seed }>(loss: (params: P, batch: B, context: C) => Tensor): (params: P, batch: B, context: C) => Tensor {
  return (params, batch, context) => loss(drops(params) ? withDropout(params, context.seed) : params, batch, context);
}
