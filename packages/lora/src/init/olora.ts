import type { Tree } from '@llm/tensor';
import { columns } from '../linalg/matrix.ts';
import { qr } from '../linalg/qr.ts';
import type { LoraOptions } from '../lora.ts';
import { loraFromMatrices } from './from-matrix.ts';

/**
 * OLoRA: the adapter begins with orthonormal columns, the first of a QR decomposition, and the base with what is left.
 *
 *   W = Q R;  B = Q_r,  A = R_r,  base ← W − scaling · B · A
 *
 * What is saved belongs to the changed base: `relativeTo` makes it an adapter of the original. Büyükakyüz 2024, https://arxiv.org/abs/2406.01775
 *
 * @throws LoraError E_TARGETS where no module matches; TypeError for embeddings and matrices that are not plain tensors.
 *
 * @example
 * ```ts
 * import { adapterOf, isLoraLayer, olora } from '@llm/lora';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const { layers } = adapterOf(await olora({ proj: { weight: tensor([[0, 2], [1, 0]]) } }, { targets: ['proj'], rank: 1 }));
 * if (!isLoraLayer(layers.proj!) || Math.abs(layers.proj.b.dataSync()[1]!) !== 1) throw new Error('a unit column');
 * ```
 */
export function olora(params: Tree, options: Omit<LoraOptions, 'init'> = {}): Promise<Tree> {
  return loraFromMatrices('olora', params, {
    ...options,
    decompose(w, { rank }) {
      const { q, r } = qr(w);
      return { a: { rows: rank, cols: r.cols, values: r.values.slice(0, rank * r.cols) }, b: columns(q, rank) };
    },
  });
}
