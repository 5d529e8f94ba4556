import { addAuxiliary } from '@llm/model';
import { add, div, linearLoss, mul, scope, slice, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import { capturing } from './captured.ts';
import type { DistillBatch } from './distill-batch.ts';
import { type FeatureMatch, projected } from './features/feature-match.ts';
import type { RowLoss } from './losses/row-loss.ts';
import { type DistilledModel, predictedStates } from './predicted-states.ts';
import type { Teacher } from './teacher/teacher.ts';

export interface DistillLossOptions {
  /** Of each target: `hinton()`, `softened(jsd())`, `distilBert()` or a mixture of them. */
  readonly loss: RowLoss;
  /** `localTeacher(model, params)`, or `keptTeacher()` for what the batches bring. */
  readonly teacher: Teacher;
  /** Layers that are to become like those of the teacher; default none. */
  readonly features?: readonly FeatureMatch[];
  /** Keep only the input of each layer and run it again in the backward pass, without features; default false. */
  readonly checkpointed?: boolean;
}

/** What `train` gives beside the batch; left out, the loss is the mean over the batch's own targets. */
export interface DistillContext {
  readonly denominator?: number | Tensor;
}

/**
 * The loss of distillation, for `train`: what the student does not share with its teacher, over the targets of all micro-batches of a step.
 *
 *   L = Σ_targets ℓ(student, teacher) / denominator + Σ_features weight · mean ℓ(h_S, h_T) · (targets here / denominator)
 *
 * The logits of both exist for a chunk of targets at a time, and become gradients before the next chunk is made: memory does not grow with
 * targets · vocabulary. Dropout stays off, as in TRL's GKD.
 *
 * @throws RangeError for a batch without targets where no denominator is given, for rows longer than the model's context, for ids outside
 * its vocabulary, and for features that a model does not have.
 *
 * @example
 * ```ts
 * import { distillBatch, distillLoss, forwardKl, localTeacher, softened } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const params = model.init(0);
 * const row = (...values: number[]) => Int32Array.from(values);
 * const batch = distillBatch({ rows: 1, length: 3, ids: row(1, 2, 3), targets: row(2, 3, -100), positions: row(0, 1, 2), segments: row(0, 0, 0), packed: false, restarts: false });
 * const loss = distillLoss(model, { loss: softened(forwardKl()), teacher: localTeacher(model, params) })(params, batch).dataSync()[0]!;
 * if (Math.abs(loss) > 1e-6) throw new Error('nothing to learn from oneself');
 * ```
 */
export function distillLoss(
  model: DistilledModel, { loss, teacher, features = [], checkpointed = false }: DistillLossOptions,
): (params: Tree, batch: DistillBatch, context?: DistillContext) => Tensor {
  return (params, batch, { denominator = batch.targetCount } = {}) => {
    const count = batch.places.length;
    if (count === 0 && typeof denominator === 'number' && !(denominator > 0)) throw new RangeError('distillLoss: expected at least one target but found none. Check the labels or the mask.');
    return scope(() => {
      let added: Tensor | undefined;
      const captured = capturing(features.map((feature) => feature.student), batch.places);
      const { states, head } = predictedStates(model, params, batch, { checkpointed, auxiliary: (value) => { added = value; }, ...captured.options });
      // A micro-batch of a longer step may have nothing to predict.
      if (count === 0) return mul(sum(states), 0);
      const taught = teacher(batch, { names: features.map((feature) => feature.teacher) });
      const targets = tensor(batch.targets, [count], 'int32');
      let total = linearLoss(states, head, (student, range) => sum(loss({ student, teacher: taught.rows(range), targets: slice(targets, [range.from], [range.count]) })), { denominator });
      features.forEach(({ student, teacher: name, loss: distance, weight = 1, activation }, index) => {
        const own = projected(student === 'last' ? states : captured.of(student), params, { index, ...(activation === undefined ? {} : { activation }) });
        total = add(total, mul(distance(own, taught.states(name)), div(weight * count, denominator)));
      });
      return addAuxiliary(total, added, { targets, denominator });
    });
  };
}
