import { add, clipScale, compile, concat, div, globalNorm, keep, mul, overwrite, reshape, scope, seedWords, type Tensor, tensor } from '@llm/tensor';
import type { Counted } from '../training-state.ts';
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
 * What varies from step to step comes in as arrays: the batches, the number of targets, and the optimizer's rates. The seeds of the
 * micro-batches lie in memory that stays, since a loss may draw from them or not.
 */
export function deviceStep<B extends Counted>(
  { optimizer, state, leaves, clipNorm, gradient, seedOf, scaler }: StepSetting<B>, { record }: { record: boolean },
): DeviceStep<B> {
  const rates = optimizer.rates!;
  const seeds: Tensor[] = [];
  const placeSeeds = ({ group, step }: StepRequest<B>): void => group.forEach((_, i) => {
    seeds[i] ??= keep(tensor(new Int32Array(2), [2], 'int32'));
    overwrite(seeds[i], seedWords(seedOf(step, i)));
  });
  const step = (group: readonly B[], denominator: Float32Array, given: Float32Array, factor?: Float32Array): Tensor => {
    const targets = tensor(denominator, []);
    const lossScale = factor === undefined ? undefined : tensor(factor);
    const { losses, grads } = accumulate(group, (batch, i) => gradient(batch, { denominator: targets, seed: seeds[i]! }, lossScale));
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
  const run = (request: StepRequest<B>): Tensor => {
    placeSeeds(request);
    return scope(() => {
      // The number of targets comes as an array: in the batch it would ask for a recording of its own.
      const batches = request.group.map((batch) => ({ ...batch, targetCount: NaN }));
      const factor = scaler === undefined ? [] : [Float32Array.of(scaler.state.scale)];
      // Times one, for memory of its own: the next step writes over the result.
      return mul((recorded ?? step)(batches, Float32Array.of(Math.max(1, request.targets)), Float32Array.from(rates(request.step)), ...factor), 1);
    });
  };
  return Object.assign(run, {
    dispose() {
      recorded?.dispose();
      for (const seed of seeds) seed.dispose();
    },
  });
}
