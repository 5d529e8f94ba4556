import type { Tree } from '@llm/tensor';
import { hostRandom } from '../host-random.ts';
import { columns, transposed } from '../linalg/matrix.ts';
import { randomizedSvd, svd } from '../linalg/svd.ts';
import type { LoraOptions } from '../lora.ts';
import { loraFromMatrices } from './from-matrix.ts';

export interface PissaOptions extends Omit<LoraOptions, 'init'> {
  /** Steps of the power method in a randomized decomposition, for large matrices; default: the exact one. 4 to 16 are usual. */
  readonly iterations?: number;
}

/**
 * PiSSA: the adapter takes the largest singular values of each matrix, and what is left of it is frozen.
 *
 *   W = U S Vᵀ;  A = √(S_r / scaling) V_rᵀ,  B = U_r √(S_r / scaling),  base ← W − scaling · B · A
 *
 * What is saved belongs to the changed base: `relativeTo` makes it an adapter of the original. Meng et al. 2024, https://arxiv.org/abs/2404.02948
 *
 * @throws LoraError E_TARGETS where no module matches; TypeError for embeddings and matrices that are not plain tensors.
 *
 * @example
 * ```ts
 * import { pissa } from '@llm/lora';
 * import { linear, tensor, useDevice, type Weight } from '@llm/tensor';
 * await useDevice('cpu');
 * const params = await pissa({ proj: { weight: tensor([[3, 0], [0, 1]]) } }, { targets: ['proj'], rank: 1, alpha: 1 });
 * const [same] = linear(tensor([[1, 1]]), (params.proj as { weight: Weight }).weight).dataSync();
 * if (Math.abs(same! - 3) > 1e-6) throw new Error('nothing changes at first');
 * ```
 */
export function pissa(params: Tree, { iterations, ...options }: PissaOptions = {}): Promise<Tree> {
  return loraFromMatrices('pissa', params, {
    ...options,
    decompose(w, { name, rank, scaling }) {
      const { u, s, v } = iterations === undefined ? svd(w) : randomizedSvd(w, { rank, iterations, normal: hostRandom(options.seed ?? 0, `${name}.pissa`).normal });
      const root = Array.from(s.subarray(0, rank), (value) => Math.sqrt(value / scaling));
      const scaled = (side: typeof u): typeof u => {
        const kept = columns(side, rank);
        kept.values.forEach((value, i) => { kept.values[i] = value * root[i % rank]!; });
        return kept;
      };
      return { a: transposed(scaled(v)), b: scaled(u) };
    },
  });
}
