import { mul, overwrite, pad, scope, type Tensor, type Tree } from '@llm/tensor';
import { type Adapter, adapterOf } from './adapter.ts';
import { LoraError } from './errors.ts';
import { isLoraLayer, type LoraLayer } from './layers/lora-layer.ts';

/**
 * Puts the numbers of another LoRA adapter into the tree in place: no tensor is made, and a compiled function that runs on the
 * tree stays valid. The place must be of the same rank or a larger one, whose further rows become zeros; another α/r is worked
 * into B.
 *
 * Modules of the tree that the adapter does not go over are switched off. To flip back, swap the first adapter in again: the
 * results are the same to the bit. The tree must not share its tensors with the adapter that is put in.
 *
 * @throws LoraError E_ADAPTER for an adapter that does not fit, before anything is changed.
 *
 * @example
 * ```ts
 * import { adapterOf, lora, swapAdapter } from '@llm/lora';
 * import { ones, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const base = { proj: { weight: ones([2, 2]) } };
 * const place = lora(base, { targets: ['proj'], rank: 4 });
 * swapAdapter(place, adapterOf(lora(base, { targets: ['proj'], rank: 2, seed: 7 })));
 * ```
 */
export function swapAdapter(params: Tree, adapter: Adapter): void {
  const place = adapterOf(params);
  const problems: string[] = [];
  const writes: [Tensor, () => Tensor][] = [];
  for (const module of Object.keys(adapter.layers)) if (place.layers[module] === undefined) problems.push(`the tree has no layer over ${module}`);
  const whole = new Set([...Object.keys(place.saved), ...Object.keys(adapter.saved)]);
  for (const path of whole) {
    const [to, from] = [place.saved[path], adapter.saved[path]];
    if (to === undefined || from === undefined || to.shape.join() !== from.shape.join()) problems.push(`${path} is trained whole in only one of them, or of another shape`);
    else writes.push([to, () => from]);
  }
  for (const [module, to] of Object.entries(place.layers)) {
    const from = adapter.layers[module];
    if (!isLoraLayer(to) || (from !== undefined && !isLoraLayer(from))) problems.push(`${module} is not LoRA`);
    else if (from === undefined) writes.push([to.b, () => mul(to.b, 0)]);
    else if (!fitsInto(from, to)) problems.push(`${module} has rank ${from.settings.rank} and ${from.magnitude === undefined ? 'no ' : ''}magnitudes where the tree has rank ${to.settings.rank} and ${to.magnitude === undefined ? 'none' : 'some'}`);
    else {
      const more = to.settings.rank - from.settings.rank;
      const factor = from.scaling / to.scaling;
      writes.push([to.a, () => (more === 0 ? from.a : pad(from.a, [[0, more], [0, 0]]))]);
      writes.push([to.b, () => {
        const b = more === 0 ? from.b : pad(from.b, [[0, 0], [0, more]]);
        return factor === 1 ? b : mul(b, factor);
      }]);
      if (to.magnitude !== undefined) writes.push([to.magnitude, () => from.magnitude!]);
    }
  }
  if (problems.length > 0) throw new LoraError('E_ADAPTER', `swapAdapter: expected an adapter for the same modules, of a rank that the tree has room for, but found: ${problems.slice(0, 4).join('; ')}. Make the tree with the largest rank and all modules.`);
  for (const [target, values] of writes) scope(() => { overwrite(target, values()); });
}

function fitsInto(from: LoraLayer, to: LoraLayer): boolean {
  return from.fits.join() === to.fits.join() && from.settings.rank <= to.settings.rank && (from.magnitude === undefined) === (to.magnitude === undefined);
}
