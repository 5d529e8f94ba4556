import { distilBert, type Divergence, forwardKl, hard, hinton, jsd, reverseKl, type RowLoss, softened, symmetricKl, weighted } from '@llm/distill';
import type { DistillOptions } from './distill-options.ts';

type Flags = Pick<DistillOptions, 'alpha' | 'beta' | 'ratio'>;

/** Losses by name: their divergence, and the temperature and the share of the soft part that they have where no flag says another. */
const LOSSES: Readonly<Record<string, { readonly divergence: (flags: Flags) => Divergence; readonly temperature: number; readonly alpha: number; readonly lambda: number }>> = {
  hinton: { divergence: () => forwardKl(), temperature: 2, alpha: 0.5, lambda: 0 },
  distilbert: { divergence: () => forwardKl(), temperature: 2, alpha: 5 / 7, lambda: 0 },
  'forward-kl': { divergence: () => forwardKl(), temperature: 1, alpha: 1, lambda: 0 },
  'reverse-kl': { divergence: () => reverseKl(), temperature: 1, alpha: 1, lambda: 0 },
  'symmetric-kl': { divergence: ({ ratio }) => symmetricKl({ ratio }), temperature: 1, alpha: 1, lambda: 0 },
  jsd: { divergence: ({ beta }) => jsd({ beta }), temperature: 1, alpha: 1, lambda: 0 },
  gkd: { divergence: ({ beta }) => jsd({ beta }), temperature: 0.9, alpha: 1, lambda: 0.5 },
};
export const LOSS_NAMES: readonly string[] = Object.keys(LOSSES);

export interface ChosenLoss {
  readonly loss: RowLoss;
  readonly temperature: number;
  /** Share of batches that the student writes. */
  readonly lambda: number;
}

/** The loss of the flags: the soft part, with T² where there is a hard part beside it, and the hard part. */
export function lossOf(options: Flags & Pick<DistillOptions, 'loss' | 'temperature' | 'lambda'>): ChosenLoss {
  const chosen = LOSSES[options.loss]!;
  const { temperature = chosen.temperature, alpha = chosen.alpha, lambda = chosen.lambda } = options;
  if (options.loss === 'distilbert' && options.alpha === undefined) return { loss: distilBert({ temperature }), temperature, lambda };
  if (options.loss === 'hinton') return { loss: hinton({ alpha, temperature }), temperature, lambda };
  const soft = softened(chosen.divergence(options), { temperature, squared: alpha < 1 });
  return { loss: alpha === 1 ? soft : weighted([[soft, alpha], [hard(), 1 - alpha]]), temperature, lambda };
}
