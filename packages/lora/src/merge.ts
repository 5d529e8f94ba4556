import { isWeight, type Leaf, leaves, mul, type QuantizedWeight, scope, sub, sum, type Tensor, type Tree, unflatten } from '@llm/tensor';
import type { Adapter } from './adapter.ts';
import { LoraError, someOf } from './errors.ts';
import { type AdapterWeight, isAdapterWeight, matrixOf } from './layers/adapter-layer.ts';
import { sumOf } from './layers/dora.ts';
import { isLoraLayer } from './layers/lora-layer.ts';
import { ORIGINAL } from './targets/modules.ts';

/**
 * The model with its adapters worked into the matrices: a tree of plain tensors, as it was before, which needs no adapter code.
 * What no adapter touches is shared; a matrix in few bits under an adapter becomes a plain one.
 *
 *   W ← W + (α/r) · B · A
 *
 * @throws LoraError E_NOT_FINITE naming the matrices that are not finite when merged, E_ADAPTER where an adapter over an
 * embedding that is the head too would change the head.
 *
 * @example
 * ```ts
 * import { lora, merge } from '@llm/lora';
 * import { isWeight, leaves, ones, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const merged = await merge(lora({ proj: { weight: ones([2, 3]) } }, { targets: ['proj'] }));
 * if (leaves(merged).some(([, leaf]) => isWeight(leaf))) throw new Error('only tensors');
 * ```
 */
export async function merge(params: Tree): Promise<Tree> {
  const all = leaves(params);
  checkTiedEmbedding(all);
  const checks: [string, Tensor][] = [];
  const keep = (path: string, make: () => Tensor): Tensor => {
    const made = scope(make);
    // One number that is 0, or NaN where any value is not finite: the matrix itself stays on the device.
    checks.push([path, scope(() => sum(mul(made, 0)))]);
    return made;
  };
  const layersOf = new Map(all.flatMap(([path, leaf]) => (isAdapterWeight(leaf) ? [[path.replace(/\.weight$/, '.bias'), leaf] as const] : [])));
  const entries = all.flatMap(([path, leaf]): [string, Leaf][] => {
    if (path.includes(`.${ORIGINAL}.`)) return [];
    if (isAdapterWeight(leaf)) return [[path, keep(path, () => matrixOf(leaf))]];
    const beside = layersOf.get(path);
    return [[path, beside === undefined || isWeight(leaf) ? leaf : mergedBias(beside, leaf, (make) => keep(path, make))]];
  });
  const broken: string[] = [];
  for (const [path, check] of checks) {
    if ((await check.data())[0] !== 0) broken.push(path);
    check.dispose();
  }
  if (broken.length > 0) {
    for (const [path] of checks) (new Map(entries).get(path) as Tensor).dispose();
    throw new LoraError('E_NOT_FINITE', `merge: expected finite matrices but found ${broken.length} with values that are not: ${someOf(broken, 4)}. The adapter is broken; go back to an earlier one.`);
  }
  return unflatten(entries);
}

function mergedBias(weight: AdapterWeight, bias: Tensor, keep: (make: () => Tensor) => Tensor): Tensor {
  const changes: ((bias: Tensor) => Tensor)[] = [];
  for (let inner: Leaf = weight; isAdapterWeight(inner); inner = inner.base) if (inner.layer.mergedBias !== undefined) changes.unshift(inner.layer.mergedBias);
  return changes.length === 0 ? bias : keep(() => changes.reduce((made, change) => change(made), bias));
}

/** An adapter over an embedding acts on rows alone unless it says so: merged into a tied matrix it would change the head. */
function checkTiedEmbedding(all: readonly (readonly [string, Leaf])[]): void {
  if (all.some(([path]) => path === 'lm_head.weight')) return;
  for (const [path, leaf] of all) {
    if (isAdapterWeight(leaf) && isLoraLayer(leaf.layer) && leaf.layer.settings.embedding && !leaf.layer.settings.tiedHead && /(?:embed_tokens|wte)\.weight$/.test(path)) {
      throw new LoraError('E_ADAPTER', `merge: expected the adapter over ${path} to act on the head as well, which is the same matrix, but found that it does not. Make it with ensureWeightTying, or give the model a head of its own.`);
    }
  }
}

/** How far the values of a merged matrix moved when it was put into few bits again. */
export interface RequantizeError {
  readonly largest: number;
  /** Root of the mean square. */
  readonly rms: number;
}

/**
 * As `merge`, but a matrix in few bits under an adapter is put into few bits again: dequantize, add, quantize. What that loses
 * is reported by path.
 */
export async function mergeQuantized(params: Tree): Promise<{ params: Tree; errors: Record<string, RequantizeError> }> {
  const before = new Map(leaves(params));
  const errors: Record<string, RequantizeError> = {};
  const entries: [string, Leaf][] = [];
  for (const [path, leaf] of leaves(await merge(params))) {
    let below = before.get(path)!;
    while (isAdapterWeight(below)) below = below.base;
    if (isWeight(leaf) || !isWeight(below) || !('requantize' in below)) {
      entries.push([path, leaf]);
      continue;
    }
    const wanted = await leaf.data() as Float32Array;
    const again = (below as QuantizedWeight).requantize(wanted);
    const difference = scope(() => sub(again.matrix(), leaf));
    const values = await difference.data() as Float32Array;
    errors[path] = {
      largest: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
      rms: Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length),
    };
    difference.dispose();
    leaf.dispose();
    entries.push([path, again]);
  }
  return { params: unflatten(entries), errors };
}

/**
 * The inverse of `merge` for LoRA: W − (α/r) · B · A, equal to the base but for rounding. The base itself, where it is still at
 * hand, is exact.
 *
 * @throws LoraError E_ADAPTER for DoRA, whose row norms are lost in merging.
 */
export function unmerge(merged: Tree, { layers }: Adapter): Tree {
  return unflatten(leaves(merged).map(([path, leaf]): [string, Leaf] => {
    const layer = layers[path.replace(/\.weight$/, '')];
    if (layer === undefined || !path.endsWith('.weight') || isWeight(leaf)) return [path, leaf];
    if (!isLoraLayer(layer) || layer.magnitude !== undefined) {
      throw new LoraError('E_ADAPTER', `unmerge: expected LoRA without magnitudes but found ${layer.kind}${isLoraLayer(layer) ? ' with them (DoRA)' : ''} at ${path}. Keep the model from before merging.`);
    }
    return [path, scope(() => sumOf(leaf, { a: layer.a, b: layer.b, scaling: -layer.scaling, fanInFanOut: layer.settings.fanInFanOut }))];
  }));
}
