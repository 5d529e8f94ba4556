import { batches, causalLoss } from '@llm/pretrain';
import { disposeTree } from '@llm/tensor';
import { adamw, startTraining, train } from '@llm/train';
import type { RunFacts } from '../protocol.ts';
import type { Settings } from '../settings.ts';
import type { Prepared } from './prepare.ts';

/** How long to train, and how often to measure. */
export interface Plan {
  readonly steps: number;
  readonly warmupSteps: number;
  readonly evalEvery: number;
  readonly weightDecay: number;
  readonly limitedBy: RunFacts['limitedBy'];
}

/** A graphics card compiles in the first step, and records until it has seen what changes from step to step. */
const WARM_UP_STEPS = 4;
const TIMED_STEPS = 4;
/** More passes over a small text only teach it by heart: the loss on held-out text rises again. */
const MOST_EPOCHS = 14;
const LEAST_STEPS = 20;
const LOOKS = 12;

/** Times a few steps on parameters that are thrown away, so that the schedule is decided once and holds for the whole run. */
export async function planRun(prepared: Prepared, { steps: wanted, minutes, seed }: Settings, { signal }: { signal: AbortSignal }): Promise<Plan> {
  if (wanted !== null) return planOf(wanted, 'settings');
  const { rows, batch } = prepared;
  const byText = Math.floor((MOST_EPOCHS * rows.count) / batch);
  const byTime = Math.floor((60 * minutes) / await secondsPerStep(prepared, { seed, signal }));
  return planOf(Math.max(LEAST_STEPS, Math.min(byText, byTime)), byTime < byText ? 'time' : 'text');
}

function planOf(steps: number, limitedBy: Plan['limitedBy']): Plan {
  return {
    steps, limitedBy, warmupSteps: Math.min(100, Math.max(1, Math.round(steps / 20))), evalEvery: Math.max(1, Math.ceil(steps / LOOKS)),
    // A model that sees a small text many times begins to know it by heart: a strong decay takes the sample's held-out loss from 1.50 to 1.37.
    weightDecay: limitedBy === 'text' ? 0.5 : 0.1,
  };
}

/** The median: the first steps compile and allocate. */
async function secondsPerStep({ model, rows, batch }: Prepared, { seed, signal }: { seed: number; signal: AbortSignal }): Promise<number> {
  const params = model.init(0);
  const optimizer = adamw({ lr: 1e-6 });
  const state = startTraining(params, optimizer);
  const seconds: number[] = [];
  try {
    for await (const step of train({ params, loss: causalLoss(model), batches: batches(rows, { batch, seed }), optimizer, state, steps: WARM_UP_STEPS + TIMED_STEPS, compile: true })) {
      signal.throwIfAborted();
      if (step.index >= WARM_UP_STEPS) seconds.push(step.seconds);
    }
  } finally {
    disposeTree(params);
    disposeTree(state.optimizer);
  }
  return seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)]!;
}
