import { causalLoss, type CausalBatch } from '@llm/pretrain';
import type { Model } from '@llm/model';
import { disposeTree, memory } from '@llm/tensor';
import { adamw, startTraining, train } from '@llm/train';

export interface Calibration {
  readonly secondsPerStep: number;
  readonly peakBytes: number;
}

const WARM_UP_STEPS = 2;
const TIMED_STEPS = 4;

/**
 * Times a few steps on parameters that are thrown away, so that the number of steps is known before the first real one and a
 * resumed run follows the same schedule. The median: the first steps compile and allocate.
 */
export async function calibrate(model: Model, batches: Iterable<CausalBatch>, { accumulate, checkpointed }: { accumulate: number; checkpointed: boolean }): Promise<Calibration> {
  const params = model.init(0);
  const optimizer = adamw({ lr: 1e-6 });
  const state = startTraining(params, optimizer);
  const seconds: number[] = [];
  try {
    for await (const step of train({ params, loss: causalLoss(model, { checkpointed }), batches, optimizer, state, accumulate, steps: WARM_UP_STEPS + TIMED_STEPS })) {
      if (step.index >= WARM_UP_STEPS) seconds.push(step.seconds);
    }
    return { secondsPerStep: seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)]!, peakBytes: memory().peakBytes };
  } finally {
    disposeTree(params);
    disposeTree(state.optimizer);
  }
}
