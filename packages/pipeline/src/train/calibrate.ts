import { causalLoss, type CausalBatch } from '@llm/pretrain';
import type { Model } from '@llm/model';
import { deviceInUse, disposeTree, memory, type Precision } from '@llm/tensor';
import { adamw, startTraining, train } from '@llm/train';
import { memoryError, ranOutOfMemory } from './out-of-memory.ts';

export interface Calibration {
  readonly secondsPerStep: number;
  readonly peakBytes: number;
}

const WARM_UP_STEPS = 2;
/** A graphics card compiles in the first step, and records until it has seen what changes from step to step. */
const RECORDING_STEPS = 3;
const TIMED_STEPS = 4;

/**
 * Times a few steps on parameters that are thrown away, so that the number of steps is known before the first real one and a
 * resumed run follows the same schedule. The median: the first steps compile and allocate.
 *
 * @throws CliError E_MEMORY where they find no room.
 */
export async function calibrate(model: Model, batches: Iterable<CausalBatch>, { accumulate, checkpointed, precision }: { accumulate: number; checkpointed: boolean; precision: Precision }): Promise<Calibration> {
  const params = model.init(0);
  const optimizer = adamw({ lr: 1e-6 });
  const state = startTraining(params, optimizer);
  const seconds: number[] = [];
  const warmUp = deviceInUse() === 'webgpu' ? RECORDING_STEPS : WARM_UP_STEPS;
  try {
    for await (const step of train({ params, loss: causalLoss(model, { checkpointed }), batches, optimizer, state, accumulate, steps: warmUp + TIMED_STEPS, compile: true, precision })) {
      if (step.index >= warmUp) seconds.push(step.seconds);
    }
    return { secondsPerStep: seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)]!, peakBytes: memory().peakBytes };
  } catch (error) {
    throw ranOutOfMemory(error) ? memoryError(error) : error;
  } finally {
    disposeTree(params);
    disposeTree(state.optimizer);
  }
}
