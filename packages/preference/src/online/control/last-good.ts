import { flatten, overwrite, type Tensor, type Tree } from '@llm/tensor';

/** Parameters as they were, on the host. */
export interface LastGood {
  /** Takes the parameters as they are now. */
  keep(): Promise<void>;
  /** Writes what was kept last back into the parameters, in place. */
  restore(): void;
}

/**
 * Remembers parameters that were good, to go back to when a monitor says stop: a few megabytes for an adapter. Give the optimizer's state
 * too, or begin it anew after going back, since its moments point where the bad steps went.
 *
 * @throws Error from `restore` where nothing was kept.
 *
 * @example
 * ```ts
 * import { lastGood } from '@llm/preference';
 * import { overwrite, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const params = { w: tensor([1]) };
 * const good = lastGood(params);
 * await good.keep();
 * overwrite(params.w, Float32Array.of(NaN));
 * good.restore();
 * if (params.w.dataSync()[0] !== 1) throw new Error('back');
 * ```
 */
export function lastGood(params: Tree | Readonly<Record<string, Tensor>>, { trainable = () => true }: { trainable?: (path: string) => boolean } = {}): LastGood {
  const tensors = [...new Set(Object.entries(flatten(params)).filter(([path]) => trainable(path)).map(([, tensor]) => tensor))];
  let kept: (Float32Array | Int32Array)[] | undefined;
  return {
    async keep() {
      kept = await Promise.all(tensors.map(async (tensor) => (await tensor.data()).slice() as Float32Array | Int32Array));
    },
    restore() {
      if (kept === undefined) throw new Error('lastGood: expected kept parameters but found none. Call keep after a step that was good.');
      tensors.forEach((tensor, i) => overwrite(tensor, kept![i]!));
    },
  };
}
