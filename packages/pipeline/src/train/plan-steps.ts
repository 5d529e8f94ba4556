/** How long to train, and how often to look. */
export interface StepPlan {
  readonly steps: number;
  readonly warmupSteps: number;
  readonly evalEvery: number;
  readonly sampleEvery: number;
  readonly saveEvery: number;
  /** What decided the number of steps. */
  readonly limitedBy: 'time' | 'text' | 'steps';
}

export interface PlanStepsOptions {
  /** A fixed number of steps, or the time to fill. */
  readonly steps?: number | undefined;
  readonly seconds?: number | undefined;
  /** On a slow machine, go on for longer until so many steps are done, but not beyond `seconds`. */
  readonly patience?: { readonly steps: number; readonly seconds: number } | undefined;
  readonly secondsPerStep: number;
  readonly batchesPerEpoch: number;
  /** More passes over the same text only teach it by heart. */
  readonly maxEpochs: number;
}

const SAVE_EVERY_SECONDS = 30;
const LOOKS = 8;

/**
 * The plan of a run: as many steps as the time allows, but no more passes over the text than `maxEpochs`.
 *
 *   steps = min(seconds / secondsPerStep, maxEpochs · batchesPerEpoch)
 */
export function planSteps({ steps: fixed, seconds = 120, patience = { steps: 0, seconds: 0 }, secondsPerStep, batchesPerEpoch, maxEpochs }: PlanStepsOptions): StepPlan {
  const byTime = Math.max(10, Math.floor(seconds / secondsPerStep), Math.min(patience.steps, Math.floor(patience.seconds / secondsPerStep)));
  const byText = Math.max(10, Math.floor(maxEpochs * batchesPerEpoch));
  const steps = fixed ?? Math.min(byTime, byText);
  const every = Math.max(1, Math.ceil(steps / LOOKS));
  return {
    steps,
    warmupSteps: Math.min(100, Math.max(1, Math.round(steps / 20))),
    evalEvery: every,
    sampleEvery: 2 * every,
    saveEvery: Math.max(1, Math.min(steps, Math.round(SAVE_EVERY_SECONDS / secondsPerStep))),
    limitedBy: fixed !== undefined ? 'steps' : byTime <= byText ? 'time' : 'text',
  };
}
