import { disposeTree, globalNorm, scope } from '@llm/tensor';
import { clipScale } from '../clip.ts';
import { accumulate } from './gradient.ts';
import { type Outcome, type StepRequest, type StepSetting, verdict } from './step-setting.ts';

/** A step whose loss and gradient norm are looked at before the parameters change. */
export async function plainStep<B>(setting: StepSetting<B>, { group, targets, step }: StepRequest<B>): Promise<Outcome> {
  const { optimizer, state, leaves, clipNorm, gradient, seedOf, scaler } = setting;
  const lossScale = scaler?.state.scale ?? 1;
  const { losses, grads } = accumulate(group, (batch, i) => gradient(batch, { denominator: Math.max(1, targets), seed: seedOf(step, i) }, lossScale));
  try {
    let loss = 0;
    for (const each of losses) loss += (await each.data())[0]!;
    const norm = scope(() => globalNorm(Object.values(grads)));
    const gradNorm = (await norm.data())[0]! / lossScale;
    norm.dispose();
    const skipped = targets === 0 ? 'no target counts in these batches' : verdict(setting, loss, gradNorm);
    if (skipped === undefined) scope(() => optimizer.update({ params: leaves, grads, state: state.optimizer, step, scale: clipScale(gradNorm, clipNorm) / lossScale }));
    return { loss, gradNorm, skipped };
  } finally {
    disposeTree(grads);
    for (const each of losses) each.dispose();
  }
}
