import { isWeight, mapLeaves, scope, type Tensor, tensor, type Tree } from '@llm/tensor';
import { attach } from '../adapter.ts';
import { sumOf } from '../layers/dora.ts';
import { loraLayer, type LoraLayer, scalingOf } from '../layers/lora-layer.ts';
import { type Matrix, transposed } from '../linalg/matrix.ts';
import { type LoraOptions, savedOf, settingsOf, withMagnitude } from '../lora.ts';
import { endsWithOneOf, selectModules } from '../targets/select.ts';

/** What an adapter takes out of a matrix W [out, in]: A [r, in] and B [out, r]. */
export type Decompose = (w: Matrix, at: { readonly name: string; readonly rank: number; readonly scaling: number }) => { a: Matrix; b: Matrix };

/**
 * LoRA whose matrices are taken out of W, so that the base becomes what is left: W − scaling · B · A. The adapted model is the
 * model, but for rounding; the base below it is another one, and tensors of its own.
 */
export async function loraFromMatrices(name: string, params: Tree, { decompose, ...options }: Omit<LoraOptions, 'init'> & { decompose: Decompose }): Promise<Tree> {
  const { modulesToSave = [], dora = false } = options;
  const modules = selectModules(name, params, { ...options, except: (module) => endsWithOneOf(module, modulesToSave) });
  const layers: Record<string, LoraLayer> = {};
  const rest = new Map<string, Tensor>();
  for (const module of modules) {
    const { leaf, inputs, outputs } = module;
    if (module.embedding || isWeight(leaf)) {
      throw new TypeError(`${name}: expected plain matrices of linear layers but found ${module.embedding ? 'an embedding' : 'a weight that applies itself'} at ${module.name}. Name other targets; put the rest into few bits afterwards.`);
    }
    const settings = settingsOf(module, options);
    if (settings.rank > Math.min(inputs, outputs)) throw new RangeError(`${name}: expected a rank of at most ${Math.min(inputs, outputs)}, the smaller side of ${module.name}, but found ${settings.rank}.`);
    const values = Float64Array.from(await leaf.data());
    const w = module.fanInFanOut ? transposed({ rows: inputs, cols: outputs, values }) : { rows: outputs, cols: inputs, values };
    const scaling = scalingOf(settings);
    const found = decompose(w, { name: module.name, rank: settings.rank, scaling });
    const toTensor = ({ rows, cols, values: numbers }: Matrix): Tensor => tensor(Float32Array.from(numbers), [rows, cols]);
    const pair = { a: toTensor(found.a), b: toTensor(found.b) };
    const left = scope(() => sumOf(leaf, { ...pair, scaling: -scaling, fanInFanOut: module.fanInFanOut }));
    rest.set(`${module.name}.weight`, left);
    layers[module.name] = loraLayer(dora ? withMagnitude(left, pair, settings) : pair, settings);
  }
  return attach(mapLeaves(params, (leaf, path) => rest.get(path) ?? leaf), { layers, saved: savedOf(params, modulesToSave) });
}
