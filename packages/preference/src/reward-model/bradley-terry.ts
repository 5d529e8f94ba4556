import { add, div, mul, neg, square, sub, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import { logSigmoid } from '../losses/log-sigmoid.ts';
import type { PairBatch } from '../offline/pair-batch.ts';
import type { PreferenceContext } from '../offline/preference-loss.ts';
import { splitPairs } from '../offline/split-pairs.ts';
import { sequenceScores } from './scores.ts';
import type { HeadedModel } from './with-head.ts';

export interface BradleyTerryOptions {
  /** Weight of the square of both rewards' sum, which keeps rewards around 0; default 0, 0.01 is usual. */
  readonly centering?: number;
}

/**
 * Bradley and Terry's loss for one reward of each completion: one number for each pair, [pairs].
 *
 *   −ln σ(r_chosen − r_rejected − margin) + c (r_chosen + r_rejected)²
 *
 * Ouyang et al. 2022, https://arxiv.org/abs/2203.02155; margins: Touvron et al. 2023, https://arxiv.org/abs/2307.09288;
 * centering: Eisenstein et al. 2023, https://arxiv.org/abs/2312.09244
 */
export function bradleyTerry(
  { chosen, rejected, margin }: { readonly chosen: Tensor; readonly rejected: Tensor; readonly margin?: Tensor | undefined }, { centering = 0 }: BradleyTerryOptions = {},
): Tensor {
  if (!(centering >= 0)) throw new RangeError(`bradleyTerry: expected centering from 0 on but found ${centering}`);
  const difference = sub(chosen, rejected);
  const loss = neg(logSigmoid(margin === undefined ? difference : sub(difference, margin)));
  return centering === 0 ? loss : add(loss, mul(square(add(chosen, rejected)), centering));
}

/**
 * The loss of a reward model as `train` takes it: the mean over all pairs of the step; margins are those of the batch.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { pairBatch, rewardLoss, withHead } from '@llm/preference';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = withHead(createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 }), { initialStd: 0 });
 * const batch = pairBatch([{ prompt: [1, 2], chosen: [3, 4], rejected: [5] }]);
 * const loss = rewardLoss(model)(model.init(0), batch).dataSync()[0]!;
 * if (Math.abs(loss - Math.LN2) > 1e-6) throw new Error('equal rewards: ln 2');
 * ```
 */
export function rewardLoss(
  model: HeadedModel, { centering = 0, checkpointed = false }: BradleyTerryOptions & { readonly checkpointed?: boolean } = {},
): (params: Tree, batch: PairBatch, context?: PreferenceContext) => Tensor {
  if (model.labels !== 1) throw new RangeError(`rewardLoss: expected a head with one label but found ${model.labels}. Make it with withHead(model).`);
  return (params, batch, { denominator = batch.targetCount } = {}) => {
    const { chosen, rejected } = splitPairs(sequenceScores(model, params, batch, { checkpointed }), batch.pairs);
    const margin = batch.margins === undefined ? undefined : tensor(batch.margins, [batch.pairs]);
    return div(sum(bradleyTerry({ chosen, rejected, margin }, { centering })), denominator);
  };
}
