import { flatten, overwrite, type Tree } from '@llm/tensor';

/** Values of parameters on the host, by path. */
export type KeptParameters = ReadonlyMap<string, Float32Array>;

/**
 * A copy of the trained parameters on the host, to go back to: of an adapter alone it is small.
 *
 * @example
 * ```ts
 * import { keepParameters, restoreParameters } from '@llm/sft';
 * import { overwrite, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const params = { w: tensor([1, 2]) };
 * const best = await keepParameters(params);
 * overwrite(params.w, [5, 6]);
 * restoreParameters(params, best);
 * if (params.w.dataSync().join() !== '1,2') throw new Error('as it was');
 * ```
 */
export async function keepParameters(params: Tree, { trainable = () => true }: { readonly trainable?: (path: string) => boolean } = {}): Promise<KeptParameters> {
  const chosen = Object.entries(flatten(params)).filter(([path, { dtype }]) => dtype === 'float32' && trainable(path));
  return new Map(await Promise.all(chosen.map(async ([path, tensor]) => [path, Float32Array.from(await tensor.data())] as const)));
}

/**
 * Writes kept values back, in place.
 *
 * @throws RangeError for a path that the tree does not have.
 */
export function restoreParameters(params: Tree, kept: KeptParameters): void {
  const flat = flatten(params);
  for (const [path, values] of kept) {
    const tensor = flat[path];
    if (tensor === undefined) throw new RangeError(`restoreParameters: expected ${path} in the parameters but found none. Restore into the tree that was kept.`);
    overwrite(tensor, values);
  }
}
