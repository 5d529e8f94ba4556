/**
 * The factor that brings a gradient of global norm `norm` down to `maxNorm`.
 *
 *   min(1, maxNorm / (norm + 1e-6))
 *
 * The 1e-6 is PyTorch's. Pascanu et al. 2013, https://arxiv.org/abs/1211.5063
 */
export function clipScale(norm: number, maxNorm: number): number {
  return maxNorm === Infinity ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
}
