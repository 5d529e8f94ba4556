import { add, clipScale, compile, concat, div, globalNorm, mul, reshape, scope, type Tensor, tensor } from '@llm/tensor';
import type { Counted, LossContext } from '../training-state.ts';
import { accumulate } from './gradient.ts';
import type { StepRequest, StepSetting } from './step-setting.ts';

/** A step that stays on the graphics card: nothing of it passes through the host. */
export interface DeviceStep<B> {
  /** [loss, gradient norm] of the step, in memory of its own. Where one of them is not finite, nothing has changed. */
  (request: StepRequest<B>): Tensor;
  dispose(): void;
}

/**
 * Gradients, norm, clipping and update in one go, recorded once and replayed where `record` says so, which leads to the same bits.
 * What varies from step to step comes in as arrays: the batches, the number of targets, and the optimizer's rates.
 */
export function deviceStep<B extends Counted>(
  { optimizer, state, leaves, clipNorm, gradient, seedOf, scaler }: StepSetting<B>, { record }: { record: boolean },
): DeviceStep<B> {
  const rates = optimizer.rates!;
  // A loss that asks for the seed draws from it, and what it draws is recorded: each seed is then a recording of its own.
  let drawn = false;
  const contextOf = (denominator: Tensor, seed: number): LossContext => ({
    denominator,
    get seed() {
      drawn = true;
      return seed;
    },
  });
  const step = (group: readonly B[], seeds: readonly number[], denominator: Float32Array, given: Float32Array, factor?: Float32Array): Tensor => {
    const targets = tensor(denominator, []);
    const lossScale = factor === undefined ? undefined : tensor(factor);
    const { losses, grads } = accumulate(group, (batch, i) => gradient(batch, contextOf(targets, seeds[i] ?? seedOf(state.step, i)), lossScale));
    const loss = reshape(losses.reduce((sum, each) => add(sum, each)), [1]);
    const scaled = reshape(globalNorm(Object.values(grads)), [1]);
    const norm = lossScale === undefined ? scaled : div(scaled, lossScale);
    const clip = clipScale(norm, loss, { maxNorm: clipNorm });
    optimizer.update({
      params: leaves, grads, state: state.optimizer, step: state.step, scale: lossScale === undefined ? clip : div(clip, lossScale), rates: tensor(given),
    });
    return concat([loss, norm], 0);
  };
  const recorded = record ? compile(step) : undefined;
  const run = ({ group, targets, step: at }: StepRequest<B>): Tensor => scope(() => {
    // The number of targets comes as an array: in the batch it would ask for a recording of its own.
    const batches = group.map((batch) => ({ ...batch, targetCount: NaN }));
    const seeds = drawn || !record ? group.map((_, i) => seedOf(at, i)) : [];
    // Times one, for memory of its own: the next step writes over the result.
    return mul((recorded ?? step)(batches, seeds, Float32Array.of(Math.max(1, targets)), Float32Array.from(rates(at)), ...(scaler === undefined ? [] : [Float32Array.of(scaler.state.scale)])), 1);
  });
  return Object.assign(run, { dispose: () => recorded?.dispose() });
}
