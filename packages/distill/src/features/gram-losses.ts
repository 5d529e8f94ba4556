import { div, matMul, mean, mul, reshape, square, sub, sum, type Tensor, transpose } from '@llm/tensor';

/** States of two layers, each [batch, length, width]. */
export type TwoLayers = readonly [first: Tensor, second: Tensor];

/** [batch, length], 1 for tokens and 0 for padding; default all tokens. */
interface Masked { readonly mask?: Tensor }

/**
 * How two layers go with each other, by width: TextBrewer's `fsp`, the flow of the solution procedure.
 *
 *   mean (S₁ᵀ S₂ / length − T₁ᵀ T₂ / length)²
 *
 * States [batch, length, width], the same widths for both → scalar.
 *
 * @example
 * ```ts
 * import { fsp } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [one, two] = [tensor([[[1], [1]]]), tensor([[[2], [2]]])];
 * if (fsp([one, one], [one, two]).dataSync()[0] !== 1) throw new Error('(1 − 2)²');
 * ```
 *
 * Yim et al. 2017, https://openaccess.thecvf.com/content_cvpr_2017/papers/Yim_A_Gift_From_CVPR_2017_paper.pdf
 */
export function fsp(student: TwoLayers, teacher: TwoLayers, { mask }: Masked = {}): Tensor {
  const [batch = 0, length = 0] = student[0].shape;
  const kept = (x: Tensor): Tensor => (mask === undefined ? x : mul(x, reshape(mask, [batch, length, 1])));
  const flow = ([first, second]: TwoLayers): Tensor => {
    const products = matMul(transpose(kept(first), [0, 2, 1]), kept(second));
    return div(products, mask === undefined ? length : reshape(sum(mask, -1), [batch, 1, 1]));
  };
  return mean(square(sub(flow(student), flow(teacher))));
}

/**
 * How the positions of two layers go with each other: TextBrewer's `nst` (`mmd`), of neuron selectivity transfer. Widths may differ.
 *
 *   mean (S₁ S₂ᵀ / width_S − T₁ T₂ᵀ / width_T)²
 *
 * States [batch, length, width] → scalar.
 *
 * @example
 * ```ts
 * import { nst } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [narrow, wide] = [tensor([[[2]]]), tensor([[[2, 2]]])];
 * if (nst([narrow, narrow], [wide, wide]).dataSync()[0] !== 0) throw new Error('4 in both');
 * ```
 *
 * Huang and Wang 2017, https://arxiv.org/abs/1707.01219
 */
export function nst(student: TwoLayers, teacher: TwoLayers, { mask }: Masked = {}): Tensor {
  const alike = ([first, second]: TwoLayers): Tensor => div(matMul(first, transpose(second, [0, 2, 1])), second.shape[2]!);
  const apart = square(sub(alike(student), alike(teacher)));
  if (mask === undefined) return mean(apart);
  const [batch = 0, length = 0] = mask.shape;
  return div(sum(mul(mul(apart, reshape(mask, [batch, length, 1])), reshape(mask, [batch, 1, length]))), sum(square(sum(mask, -1))));
}
