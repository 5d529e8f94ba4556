import type { Gradients, Tensor } from '@llm/tensor';
import type { Guard } from '../guard.ts';
import type { LossScaler } from '../loss-scale.ts';
import type { Optimizer } from '../optimizer.ts';
import type { LossContext, TrainingState } from '../training-state.ts';

/** What stays the same from step to step. */
export interface StepSetting<B> {
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
  readonly leaves: Readonly<Record<string, Tensor>>;
  readonly clipNorm: number;
  readonly guard: Guard;
  readonly gradient: (batch: B, context: LossContext, lossScale?: Tensor | number) => { value: Tensor; grads: Gradients };
  readonly seedOf: (step: number, index: number) => number;
  /** The factor on losses, where there is one: `gradient` then gives it back divided out of the loss, and still in the gradients. */
  readonly scaler: LossScaler | undefined;
}

/** The micro-batches of one step and how many of their targets count. */
export interface StepRequest<B> {
  readonly group: readonly B[];
  readonly targets: number;
  readonly step: number;
}

/** What a step found, and why its update was left out, if it was. */
export interface Outcome {
  readonly loss: number;
  readonly gradNorm: number;
  readonly skipped: string | undefined;
}

/** Why the update of a step is left out, after the factor on the loss and the guard have seen what it found. */
export function verdict({ scaler, guard }: Pick<StepSetting<unknown>, 'scaler' | 'guard'>, loss: number, gradNorm: number): string | undefined {
  const overflow = scaler?.judge(Number.isFinite(loss) && Number.isFinite(gradNorm));
  return overflow ?? guard.judge(loss, gradNorm);
}
