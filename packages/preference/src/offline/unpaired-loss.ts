import { div, sub, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import { ktoBaseline } from '../losses/kto.ts';
import type { UnpairedLoss, UnpairedScores } from '../losses/unpaired-loss.ts';
import { type ScoringModel, sequenceLogProbs } from './log-probs.ts';
import { type PreferenceContext, referenceLogProbs } from './preference-loss.ts';
import { movedShift, type RewardShift } from './reward-shift.ts';
import type { UnpairedBatch } from './unpaired-batch.ts';
import { withoutGradient } from './without-gradient.ts';

export interface UnpairedLossOptions {
  /** `kto()`, `apoZeroUnpaired()` or `bco()`. */
  readonly loss: UnpairedLoss;
  /** The parameters of the reference, for the same model. Not needed where the batch has the log-probabilities of `precomputeUnpairedReference`. */
  readonly reference?: Tree;
  /** BCO's running mean of log-ratios; every batch moves it on before it is used, as in TRL. */
  readonly shift?: RewardShift;
  /** Keep only the input of each layer and run it again in the backward pass; default false. */
  readonly checkpointed?: boolean;
  /** Receives what the loss reads, while it is being computed: `clone` with `keep` what is to be read afterwards. */
  readonly capture?: (scores: UnpairedScores) => void;
}

/**
 * A loss over single completions as `train` takes it: the mean over all of them.
 *
 *   L = Σ_completions ℓ / denominator
 *
 * @throws TypeError without a reference.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { kto, unpairedBatch, unpairedLoss } from '@llm/preference';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const params = model.init(0);
 * const batch = unpairedBatch([{ prompt: [1, 2], completion: [3], desirable: true }, { prompt: [4], completion: [5, 6], desirable: false }]);
 * const loss = unpairedLoss(model, { loss: kto(), reference: params })(params, batch).dataSync()[0]!;
 * if (Math.abs(loss - 0.5) > 1e-6) throw new Error('equal policies: a half');
 * ```
 */
export function unpairedLoss(
  model: ScoringModel, { loss, reference, shift, checkpointed = false, capture }: UnpairedLossOptions,
): (params: Tree, batch: UnpairedBatch, context?: PreferenceContext) => Tensor {
  return (params, batch, { denominator = batch.targetCount } = {}) => {
    const policy = sequenceLogProbs(model, params, batch, { checkpointed });
    const expected = referenceLogProbs(model, reference, batch);
    if (expected === undefined) throw new TypeError('unpairedLoss: expected log-probabilities of a reference but found none. Give the reference to the loss or to the batch.');
    const scores: UnpairedScores = {
      policy, reference: expected, desirable: tensor(batch.desirable, [batch.completions]),
      baseline: baselineOf(model, params, { batch, reference, shift, ratios: () => sub(policy, expected) }),
      ...(batch.completionWeights === undefined ? {} : { weights: tensor(batch.completionWeights, [batch.completions]) }),
    };
    capture?.(scores);
    return div(sum(loss(scores)), denominator);
  };
}

/** The reference point of the loss: BCO's running mean, or how far the policy is from the reference on mismatched completions. */
function baselineOf(model: ScoringModel, params: Tree, { batch: { mismatched }, reference, shift, ratios }: {
  batch: UnpairedBatch; reference: Tree | undefined; shift: RewardShift | undefined; ratios: () => Tensor;
}): Tensor | undefined {
  if (shift !== undefined) return withoutGradient(() => movedShift(shift, ratios()));
  if (mismatched === undefined) return undefined;
  if (reference === undefined && mismatched.reference === undefined) throw new TypeError('unpairedLoss: expected log-probabilities of a reference for the mismatched completions but found none. Give the reference to the loss, or fill it in with precomputeUnpairedReference.');
  return withoutGradient(() => ktoBaseline(sequenceLogProbs(model, params, mismatched), referenceLogProbs(model, reference, mismatched)!));
}
