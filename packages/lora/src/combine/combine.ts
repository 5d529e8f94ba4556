import { concat, mul, scope, type Tensor, tensor } from '@llm/tensor';
import type { Adapter } from '../adapter.ts';
import { LoraError } from '../errors.ts';
import { hostRandom } from '../host-random.ts';
import { isLoraLayer, loraLayer, type LoraLayer } from '../layers/lora-layer.ts';
import { columns, type Matrix, times, transposed } from '../linalg/matrix.ts';
import { svd } from '../linalg/svd.ts';
import { disjointMean, type MajoritySign, pruneRandomly, pruneSmall, weightedSum } from './prune.ts';

/** How updates of several adapters become one: values of each, one behind the other, and a weight for each. */
export type Mix = (updates: readonly Float32Array[], weights: readonly number[], uniform: () => number) => Float32Array;

/** Σ weight · update. */
export const linearMix: Mix = weightedSum;

/** TIES: prune small values, elect signs, average what agrees. */
export const ties = ({ density, majority = 'total' }: { density: number; majority?: MajoritySign }): Mix => (updates, weights) => (
  disjointMean(updates.map((values) => pruneSmall(values, density)), weights, majority));

/** Prune the values of small magnitude, then add. */
export const magnitudePrune = ({ density }: { density: number }): Mix => (updates, weights) => weightedSum(updates.map((values) => pruneSmall(values, density)), weights);

/** DARE: drop values at random, scale up what stays, then add. Yu et al. 2023, https://arxiv.org/abs/2311.03099 */
export const dareLinear = ({ density }: { density: number }): Mix => (updates, weights, uniform) => weightedSum(updates.map((values) => pruneRandomly(values, density, uniform)), weights);

/** DARE, then the signs and the average of TIES. */
export const dareTies = ({ density, majority = 'total' }: { density: number; majority?: MajoritySign }): Mix => (updates, weights, uniform) => (
  disjointMean(updates.map((values) => pruneRandomly(values, density, uniform)), weights, majority));

export interface CombineOptions {
  /** One for each adapter; negative ones take away. */
  readonly weights: readonly number[];
  /** Of what is drawn at random; default 0. */
  readonly seed?: number;
}

/** The layers of each module, with their weights, in the order of the adapters. */
function byModule(name: string, adapters: readonly Adapter[], weights: readonly number[]): Map<string, { layer: LoraLayer; weight: number }[]> {
  if (adapters.length === 0 || adapters.length !== weights.length) throw new RangeError(`${name}: expected a weight for each adapter but found ${weights.length} for ${adapters.length}.`);
  const found = new Map<string, { layer: LoraLayer; weight: number }[]>();
  for (const [i, { layers, saved }] of adapters.entries()) {
    const whole = Object.keys(saved)[0];
    if (whole !== undefined) throw new LoraError('E_ADAPTER', `${name}: expected adapters without parameters that are trained whole but found ${whole}. Those cannot be combined.`);
    for (const [module, layer] of Object.entries(layers)) {
      if (!isLoraLayer(layer) || layer.magnitude !== undefined) throw new LoraError('E_ADAPTER', `${name}: expected LoRA without magnitudes but found ${layer.kind} at ${module}.`);
      found.set(module, [...found.get(module) ?? [], { layer, weight: weights[i]! }]);
    }
  }
  return found;
}

/**
 * One adapter of the same rank that mixes A with A and B with B: quick, and rough, since the product of sums is not the sum of
 * products.
 *
 *   A = mix(sign(w s) √|w s| · Aᵢ),  B = mix(√|w s| · Bᵢ),  s = α/r of each, and 1 of the result
 *
 * @throws LoraError E_ADAPTER for adapters of different ranks, of other kinds, or with whole parameters.
 *
 * @example
 * ```ts
 * import { adapterOf, combineFactors, lora, ties } from '@llm/lora';
 * import { ones, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const base = { proj: { weight: ones([4, 4]) } };
 * const [poems, code] = [1, 2].map((seed) => adapterOf(lora(base, { targets: ['proj'], rank: 2, seed })));
 * const both = await combineFactors([poems!, code!], { weights: [0.7, 0.3], mix: ties({ density: 0.5 }) });
 * if (Object.keys(both.layers).join() !== 'proj') throw new Error('the same modules');
 * ```
 */
export async function combineFactors(adapters: readonly Adapter[], { weights, mix = linearMix, seed = 0 }: CombineOptions & { mix?: Mix }): Promise<Adapter> {
  const layers: Record<string, LoraLayer> = {};
  for (const [module, parts] of byModule('combineFactors', adapters, weights)) {
    const { settings } = parts[0]!.layer;
    if (parts.some(({ layer }) => layer.settings.rank !== settings.rank)) throw new LoraError('E_ADAPTER', `combineFactors: expected adapters of one rank but found ${parts.map(({ layer }) => layer.settings.rank).join(' and ')} at ${module}. Use combineProducts or combineStacked.`);
    const { uniform } = hostRandom(seed, module);
    const factors = parts.map(({ layer, weight }) => weight * layer.scaling);
    const side = async (name: 'a' | 'b', signed: boolean): Promise<Tensor> => {
      const updates = await Promise.all(parts.map(async ({ layer }) => await layer[name].data() as Float32Array));
      const roots = factors.map((factor) => Math.sqrt(Math.abs(factor)) * (signed && factor < 0 ? -1 : 1));
      return tensor(mix(updates, roots, uniform), parts[0]!.layer[name].shape as [number, number]);
    };
    layers[module] = loraLayer({ a: await side('a', true), b: await side('b', false) }, { ...settings, alpha: settings.rank, rsLora: false });
  }
  return { layers, saved: {} };
}

/**
 * One adapter that is exactly the weighted sum, of a rank that is the sum of theirs.
 *
 *   A = [w₁ s₁ A₁; w₂ s₂ A₂; …],  B = [B₁, B₂, …]
 *
 * @throws LoraError E_ADAPTER for adapters of other kinds, or with whole parameters.
 */
export function combineStacked(adapters: readonly Adapter[], { weights }: CombineOptions): Adapter {
  const layers: Record<string, LoraLayer> = {};
  for (const [module, parts] of byModule('combineStacked', adapters, weights)) {
    const rank = parts.reduce((sum, { layer }) => sum + layer.settings.rank, 0);
    layers[module] = loraLayer({
      a: scope(() => concat(parts.map(({ layer, weight }) => mul(layer.a, weight * layer.scaling)), 0)),
      b: scope(() => concat(parts.map(({ layer }) => layer.b), 1)),
    }, { ...parts[0]!.layer.settings, rank, alpha: rank, rsLora: false });
  }
  return { layers, saved: {} };
}

/**
 * One adapter of `rank` (default the largest of theirs) that is nearest to the mix of their whole updates s · B · A, by a
 * singular value decomposition.
 *
 *   mix(sᵢ Bᵢ Aᵢ) = U S Vᵀ;  B = U_r S_r,  A = V_rᵀ
 *
 * @throws LoraError E_ADAPTER for adapters of other kinds, or with whole parameters.
 */
export async function combineProducts(
  adapters: readonly Adapter[], { weights, mix = linearMix, rank, seed = 0 }: CombineOptions & { mix?: Mix; rank?: number },
): Promise<Adapter> {
  const layers: Record<string, LoraLayer> = {};
  for (const [module, parts] of byModule('combineProducts', adapters, weights)) {
    const { settings } = parts[0]!.layer;
    const r = rank ?? Math.max(...parts.map(({ layer }) => layer.settings.rank));
    const products = await Promise.all(parts.map(({ layer }) => productOf(layer)));
    const [rows, cols] = [products[0]!.rows, products[0]!.cols];
    const mixed = mix(products.map(({ values }) => Float32Array.from(values)), parts.map(({ weight }) => weight), hostRandom(seed, module).uniform);
    const { u, s, v } = svd({ rows, cols, values: Float64Array.from(mixed) });
    const kept = Math.min(r, s.length);
    const left = columns(u, kept);
    left.values.forEach((value, i) => { left.values[i] = value * s[i % kept]!; });
    layers[module] = loraLayer({ a: toTensor(transposed(columns(v, kept))), b: toTensor(left) }, { ...settings, rank: kept, alpha: kept, rsLora: false });
  }
  return { layers, saved: {} };
}

async function productOf({ a, b, scaling }: LoraLayer): Promise<Matrix> {
  const read = async (side: Tensor): Promise<Matrix> => ({ rows: side.shape[0]!, cols: side.shape[1]!, values: Float64Array.from(await side.data()) });
  const product = times(await read(b), await read(a));
  product.values.forEach((value, i) => { product.values[i] = value * scaling; });
  return product;
}

function toTensor({ rows, cols, values }: Matrix): Tensor {
  return tensor(Float32Array.from(values), [rows, cols]);
}
