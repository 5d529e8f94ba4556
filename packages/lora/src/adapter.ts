import { isWeight, type Leaf, leaves, type Tensor, type Tree, unflatten } from '@llm/tensor';
import { LoraError, someOf } from './errors.ts';
import { type AdapterLayer, isAdapterWeight } from './layers/adapter-layer.ts';
import { ORIGINAL } from './targets/modules.ts';

/** All that is trained of an adapted model, apart from the model: what is saved, switched and combined. */
export interface Adapter {
  /** By the name of the module that each goes over. */
  readonly layers: Readonly<Record<string, AdapterLayer>>;
  /** Whole parameters that are trained in place of the model's, by path. */
  readonly saved: Readonly<Record<string, Tensor>>;
}

/** The path of the kept original of a parameter: `lm_head.weight` → `lm_head.original_module.weight`. */
function originalPath(path: string): string {
  const at = path.lastIndexOf('.');
  return `${path.slice(0, at)}.${ORIGINAL}${path.slice(at)}`;
}

/** The path whose original this is, or undefined. */
function pathOfOriginal(path: string): string | undefined {
  return path.includes(`.${ORIGINAL}.`) ? path.replace(`.${ORIGINAL}.`, '.') : undefined;
}

/** The adapter of a tree, its tensors shared with it: the outermost where several lie over each other. */
export function adapterOf(params: Tree): Adapter {
  const all = leaves(params);
  const found = new Map(all);
  const layers: Record<string, AdapterLayer> = {};
  const saved: Record<string, Tensor> = {};
  for (const [path, leaf] of all) {
    if (isAdapterWeight(leaf)) layers[path.slice(0, -'.weight'.length)] = leaf.layer;
    const of = pathOfOriginal(path);
    if (of !== undefined) saved[of] = found.get(of) as Tensor;
  }
  return { layers, saved };
}

/**
 * A model under an adapter: a new tree whose leaves are shared with both. Adapters may be attached over each other; each adds
 * its part.
 *
 * @throws LoraError E_ADAPTER for an adapter of another model, naming what does not fit.
 *
 * @example
 * ```ts
 * import { adapterOf, attach, detach, lora } from '@llm/lora';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const base = model.init(0);
 * const poems = adapterOf(lora(base, { targets: 'all-linear', seed: 1 }));
 * const code = adapterOf(lora(base, { targets: ['c_attn'], seed: 2 }));
 * const both = attach(attach(base, poems), code);
 * if (Object.keys(detach(both)).join() !== 'transformer') throw new Error('the base again');
 * ```
 */
export function attach(base: Tree, { layers, saved }: Adapter): Tree {
  const problems: string[] = [];
  const left = new Set(Object.keys(layers).map((name) => `${name}.weight`));
  const entries: [string, Leaf][] = [];
  const seen = new Set<string>();
  for (const [path, leaf] of leaves(base)) {
    seen.add(path);
    const layer = layers[path.slice(0, -'.weight'.length)];
    if (left.delete(path) && layer !== undefined) {
      if (fits(layer, leaf)) entries.push([path, layer.over(leaf)]);
      else problems.push(`${path} is [${leaf.shape.join(', ')}] where the adapter wants a matrix of ${layer.fits.join(' outputs and ')} inputs`);
      continue;
    }
    const whole = saved[path];
    if (whole === undefined) {
      entries.push([path, leaf]);
      continue;
    }
    if (whole.size !== leaf.shape.reduce((size, length) => size * length, 1)) problems.push(`${path} is [${leaf.shape.join(', ')}] where the adapter has [${whole.shape.join(', ')}]`);
    if (seen.has(originalPath(path))) problems.push(`${path} is trained as a whole by two adapters`);
    entries.push([path, whole], [originalPath(path), leaf]);
  }
  for (const path of left) problems.push(`${path} is no parameter of the model`);
  for (const [path, whole] of Object.entries(saved)) {
    if (seen.has(path)) continue;
    const tied = path === 'lm_head.weight' ? leaves(base).find(([, leaf]) => leaf.shape.join() === whole.shape.join() && !isWeight(leaf)) : undefined;
    if (tied === undefined) problems.push(`${path} is no parameter of the model`);
    // A tied head that is trained by itself is no longer tied; its original is the embedding.
    else entries.push([path, whole], [originalPath(path), tied[1]]);
  }
  if (problems.length > 0) throw new LoraError('E_ADAPTER', `attach: expected an adapter of this model but found ${problems.length} parts that do not fit: ${someOf(problems, 4)}. Load the model that the adapter was trained on.`);
  return unflatten(entries);
}

/** Outputs and inputs stand either way round, as embeddings and GPT-2's matrices do; NaN is a size that the layer does not know. */
function fits({ fits: [outputs, inputs] }: AdapterLayer, { shape }: Leaf): boolean {
  const is = (size: number | undefined, wanted: number): boolean => Number.isNaN(wanted) || size === wanted;
  const [first, second] = shape;
  return shape.length === 2 && ((is(first, outputs) && is(second, inputs)) || (is(second, outputs) && is(first, inputs)));
}

/** The tree without any adapter: the very leaves that the model had, so its results are those of the base to the bit. */
export function detach(params: Tree): Tree {
  const all = leaves(params);
  const originals = new Map(all.flatMap(([path, leaf]) => {
    const of = pathOfOriginal(path);
    return of === undefined ? [] : [[of, leaf] as const];
  }));
  const others = new Set(all.filter(([path]) => !originals.has(path) && pathOfOriginal(path) === undefined).map(([, leaf]) => bare(leaf)));
  return unflatten(all.flatMap(([path, leaf]): [string, Leaf][] => {
    if (pathOfOriginal(path) !== undefined) return [];
    const original = originals.get(path);
    if (original === undefined) return [[path, bare(leaf)]];
    return others.has(bare(original)) ? [] : [[path, bare(original)]];
  }));
}

function bare(leaf: Leaf): Leaf {
  let inner = leaf;
  while (isAdapterWeight(inner)) inner = inner.base;
  return inner;
}

/**
 * Which paths of a tree an adapter trains, for `train({ trainable })`: the tensors of its layers, what it saves whole, and virtual
 * tokens. Of several adapters over each other it is the outermost.
 */
export function trainable(params: Tree): (path: string) => boolean {
  const paths = new Set<string>();
  for (const [path, leaf] of leaves(params)) {
    if (isAdapterWeight(leaf)) for (const name of Object.keys(leaf.layer.tensors)) paths.add(`${path}.${name}`);
    const of = pathOfOriginal(path);
    if (of !== undefined) paths.add(of);
    if (/^(?:prompt|prefix)_encoder\./.test(path)) paths.add(path);
  }
  return (path) => paths.has(path);
}

/** Every tensor of an adapter, by module and name. */
export function adapterTensors({ layers, saved }: Adapter): Record<string, Tensor> {
  const found: Record<string, Tensor> = { ...saved };
  for (const [module, { tensors }] of Object.entries(layers)) for (const [name, tensor] of Object.entries(tensors)) found[`${module}.${name}`] = tensor;
  return found;
}

/** Frees the tensors of an adapter; the model below stays. */
export function disposeAdapter(adapter: Adapter): void {
  for (const tensor of Object.values(adapterTensors(adapter))) if (!tensor.isDisposed) tensor.dispose();
}
