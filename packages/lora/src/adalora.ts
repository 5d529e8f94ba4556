import { add, type Leaf, leaves, matMul, mul, randomNormal, scalar, sqrt, square, sub, sum, type Tensor, tensor, transpose, type Tree, zeros } from '@llm/tensor';
import { attach } from './adapter.ts';
import { LoraError } from './errors.ts';
import { adaloraLayer, type AdaloraLayer, isAdaloraLayer } from './layers/adalora-layer.ts';
import { isAdapterWeight } from './layers/adapter-layer.ts';
import { selectModules, type TargetOptions } from './targets/select.ts';

export interface AdaloraOptions extends TargetOptions {
  /** The rank that every layer begins with; default 12. */
  readonly initialRank?: number;
  readonly alpha?: number;
  readonly dropout?: number;
  readonly seed?: number;
}

/**
 * The tree of a model with AdaLoRA over some of its matrices: ranks that `adaloraAllocator` takes from layers that need them
 * least while it trains. It begins as the identity.
 *
 *   y = W x + α/r · B (E ⊙ A x),  A and B from N(0, 0.02²), E zero
 *
 * Zhang et al. 2023, https://arxiv.org/abs/2303.10512
 *
 * @throws LoraError E_TARGETS where no module matches.
 *
 * @example
 * ```ts
 * import { adalora, adaloraAllocator, trainable } from '@llm/lora';
 * import { useDevice, zeros } from '@llm/tensor';
 * import { adamw } from '@llm/train';
 * await useDevice('cpu');
 * const params = adalora({ proj: { weight: zeros([4, 4]) } }, { targets: ['proj'], initialRank: 4 });
 * const allocator = adaloraAllocator(params, { targetRank: 2, steps: 100, warmupSteps: 10, finalSteps: 20 });
 * const optimizer = allocator.watch(adamw({ lr: 1e-3 }));
 * // for await (const step of train({ params, optimizer, trainable: trainable(params), … })) await allocator.allocate(step.index);
 * if (optimizer.name !== 'adamw' || !trainable(params)('proj.weight.lora_E')) throw new Error('wrapped');
 * ```
 */
export function adalora(params: Tree, options: AdaloraOptions = {}): Tree {
  const { initialRank: rank = 12, alpha = 8, dropout = 0, seed = 0 } = options;
  if (!Number.isInteger(rank) || rank < 1) throw new RangeError(`adalora: expected a whole initialRank from 1 on but found ${rank}.`);
  const layers: Record<string, AdaloraLayer> = {};
  for (const { name, embedding, inputs, outputs, fanInFanOut } of selectModules('adalora', params, options)) {
    if (embedding) continue;
    layers[name] = adaloraLayer({
      a: randomNormal([rank, inputs], { std: 0.02, seed, stream: `${name}.lora_A` }), b: randomNormal([outputs, rank], { std: 0.02, seed, stream: `${name}.lora_B` }), e: zeros([rank, 1]),
    }, { rank, alpha, dropout, fanInFanOut });
  }
  return attach(params, { layers, saved: {} });
}

/** The layers of AdaLoRA in a tree, by path. */
export function adaloraLayers(params: Tree): [string, AdaloraLayer][] {
  return leaves(params).flatMap(([path, leaf]: [string, Leaf]): [string, AdaloraLayer][] => (
    isAdapterWeight(leaf) && isAdaloraLayer(leaf.layer) ? [[path, leaf.layer]] : []));
}

/**
 * How far A and B are from orthonormal, to be added to the loss times 0.5.
 *
 *   mean over all A and B of ‖A Aᵀ − I‖ and ‖Bᵀ B − I‖, Frobenius norms
 */
export function orthogonality(params: Tree): Tensor {
  const sides = adaloraLayers(params).flatMap(([, { a, b }]) => [matMul(a, transpose(a)), matMul(transpose(b), b)]);
  if (sides.length === 0) throw new LoraError('E_ADAPTER', 'orthogonality: expected layers of AdaLoRA but found none. Make the tree with adalora.');
  const identity = (n: number): Tensor => tensor(Float32Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)), [n, n]);
  const total = sides.map((side) => sqrt(sum(square(sub(side, identity(side.shape[0]!)))))).reduce((whole, each) => add(whole, each), scalar(0));
  return mul(total, 1 / sides.length);
}
