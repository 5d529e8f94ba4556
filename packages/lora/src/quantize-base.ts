import { isWeight, leaves, type Leaf, nf4, type QuantizedFormat, quantizedWeight, type Tree, unflatten } from '@llm/tensor';
import { isAdapterWeight } from './layers/adapter-layer.ts';
import { modulesOf } from './targets/modules.ts';
import { selectModules, type TargetOptions } from './targets/select.ts';

export interface QuantizeBaseOptions extends TargetOptions {
  /** How values are stored; default `nf4()`. */
  readonly format?: QuantizedFormat;
}

/**
 * The tree of a model with its matrices in few bits, frozen, which is what QLoRA trains over; default all but embeddings and
 * the head. A matrix under an adapter is put into few bits below it. The plain matrices stay with the caller.
 *
 * @throws LoraError E_TARGETS where no module matches.
 *
 * @example
 * ```ts
 * import { lora, quantizeBase, trainable } from '@llm/lora';
 * import { createModel } from '@llm/model';
 * import { flatten, nf4, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 2 });
 * const params = lora(await quantizeBase(model.init(0), { format: nf4() }), { targets: 'all-linear', rank: 4 });
 * const bytes = Object.entries(flatten(params)).filter(([path]) => path.includes('up_proj') && !trainable(params)(path)).reduce((sum, [, { size }]) => sum + 4 * size, 0);
 * if (bytes !== 32 * 64 * (0.5 + 4 / 64)) throw new Error('four bits, and a scale for 64 of them');
 * ```
 */
export async function quantizeBase(params: Tree, { format = nf4(), ...options }: QuantizeBaseOptions = {}): Promise<Tree> {
  const chosen = new Set(selectModules('quantizeBase', params, { targets: 'all-linear', ...options }).map(({ name }) => `${name}.weight`));
  const stored = new Map(modulesOf(params).map(({ name, fanInFanOut }) => [`${name}.weight`, fanInFanOut]));
  const entries: [string, Leaf][] = [];
  for (const [path, leaf] of leaves(params)) entries.push([path, chosen.has(path) ? await quantized(leaf, { format, transposed: stored.get(path)! }) : leaf]);
  return unflatten(entries);
}

async function quantized(leaf: Leaf, kind: { format: QuantizedFormat; transposed: boolean }): Promise<Leaf> {
  if (isAdapterWeight(leaf)) return leaf.layer.over(await quantized(leaf.base, kind), leaf.mask);
  if (isWeight(leaf) && leaf.data === undefined) return leaf;
  return quantizedWeight(await leaf.data!() as Float32Array, { ...kind, shape: leaf.shape as [number, number] });
}
