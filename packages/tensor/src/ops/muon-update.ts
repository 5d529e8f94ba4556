import { fill, muonDirection, muonStep } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { scope } from '../autodiff/scope.ts';
import { call } from '../device/call.ts';
import { withScale } from './adamw-update.ts';
import { orthogonalize } from './orthogonalize.ts';

/** One matrix with its gradient, its momentum and its own rates. */
export interface MuonEntry {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly momentum: Tensor;
  readonly lr: number;
  readonly weightDecay: number;
  /** On the orthogonal direction alone. */
  readonly factor: number;
}

/** Numbers that are orthogonalized at once, of matrices of one shape: several times as many are needed meanwhile, and larger ones fill a device. */
const MOST = 2 ** 23;

/**
 * One Muon step over many matrices, in place; those of one shape are orthogonalized together.
 *
 *   b ← μ b + (1 − μ) g;  p ← p (1 − lr · decay) − lr · factor · orthogonalize(nesterov ? (1 − μ) g + μ b : b)
 *
 * where g is the gradient times `gradScale`. `gradScale` and `rates` [lr] may be tensors as in `adamwUpdate`. RangeError where a parameter is
 * no matrix. Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/
 */
export function muonUpdate(
  entries: readonly MuonEntry[],
  { momentum: beta, nesterov, iterations, gradScale = 1, rates: given }: {
    momentum: number; nesterov: boolean; iterations: number; gradScale?: number | Tensor; rates?: Tensor | undefined;
  },
): void {
  const rates = withScale('muonUpdate', gradScale, given);
  const scale = typeof gradScale === 'number' ? gradScale : 1;
  for (const group of groupsOf(entries)) {
    scope(() => {
      const [{ param: { shape, size: count } }] = group;
      if (shape.length !== 2) throw new RangeError(`muonUpdate: expected matrices but found shape [${shape.join(', ')}].`);
      const dims = { count, total: group.length * count, rateCount: 2 };
      const { y: directions } = call(fill, { inputs: {}, dims: { size: dims.total }, outputs: { y: [group.length, ...shape] } });
      group.forEach(({ grad, momentum }, i) => call(muonDirection, {
        inputs: { momentum, grad, directions, rates }, dims, uniforms: { beta, nesterov: Number(nesterov), offset: i * count, gradScale: scale },
        outputs: { momentum: true, directions: true },
      }));
      const orthogonal = orthogonalize(directions, { iterations });
      group.forEach(({ param, lr, weightDecay, factor }, i) => call(muonStep, {
        inputs: { param, directions: orthogonal, rates }, dims, uniforms: { lr, weightDecay, factor, offset: i * count }, outputs: { param: true },
      }));
    });
  }
}

/** The matrices of one shape together, in their order, as many at a time as MOST allows. */
function groupsOf(entries: readonly MuonEntry[]): Iterable<[MuonEntry, ...MuonEntry[]]> {
  const groups: [MuonEntry, ...MuonEntry[]][] = [];
  const open = new Map<string, [MuonEntry, ...MuonEntry[]]>();
  for (const entry of entries) {
    const shape = entry.param.shape.join();
    const group = open.get(shape);
    if (group !== undefined && (group.length + 1) * entry.param.size <= MOST) {
      group.push(entry);
      continue;
    }
    const started: [MuonEntry] = [entry];
    open.set(shape, started);
    groups.push(started);
  }
  return groups;
}
