/** How long to train, and how often to look. */
export interface StepPlan {
  readonly steps: number;
  readonly warmupSteps: number;
  readonly evalEvery: number;
  readonly sampleEvery: number;
  readonly saveEvery: number;
  /** Steps between two looks at the losses; evaluations, samples and checkpoints come after a whole number of them. */
  readonly readEvery: number;
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
  /** Losses need not be looked at after every step: on a graphics card, which would wait for it. */
  readonly looksSeldom?: boolean;
  /** What was asked for. */
  readonly evalEvery?: number | undefined;
  readonly sampleEvery?: number | undefined;
  readonly saveEvery?: number | undefined;
}

const SAVE_EVERY_SECONDS = 30;
const LOOKS = 8;
/** So long may a signal or the status line wait, and so many steps are enough for the waiting not to matter. */
const ROUND_SECONDS = 0.2;
const MOST_READ_EVERY = 8;

/**
 * The plan of a run: as many steps as the time allows, but no more passes over the text than `maxEpochs`.
 *
 *   steps = min(seconds / secondsPerStep, maxEpochs · batchesPerEpoch)
 */
export function planSteps(options: PlanStepsOptions): StepPlan {
  const { steps: fixed, seconds = 120, patience = { steps: 0, seconds: 0 }, secondsPerStep, batchesPerEpoch, maxEpochs } = options;
  const byTime = Math.max(10, Math.floor(seconds / secondsPerStep), Math.min(patience.steps, Math.floor(patience.seconds / secondsPerStep)));
  const byText = Math.max(10, Math.floor(maxEpochs * batchesPerEpoch));
  const steps = fixed ?? Math.min(byTime, byText);
  const asked = [options.evalEvery, options.sampleEvery, options.saveEvery].filter((every) => every !== undefined);
  let readEvery = 1;
  const longer = (): boolean => 2 * readEvery <= MOST_READ_EVERY && 2 * readEvery * secondsPerStep <= ROUND_SECONDS && 2 * readEvery <= steps / LOOKS && asked.every((every) => every % (2 * readEvery) === 0);
  while (options.looksSeldom && longer()) readEvery *= 2;
  const whole = (every: number): number => Math.ceil(every / readEvery) * readEvery;
  const every = whole(Math.max(1, Math.ceil(steps / LOOKS)));
  return {
    steps,
    warmupSteps: Math.min(100, Math.max(1, Math.round(steps / 20))),
    evalEvery: options.evalEvery ?? every,
    sampleEvery: options.sampleEvery ?? 2 * every,
    saveEvery: options.saveEvery ?? whole(Math.max(1, Math.min(steps, Math.round(SAVE_EVERY_SECONDS / secondsPerStep)))),
    readEvery,
    limitedBy: fixed !== undefined ? 'steps' : byTime <= byText ? 'time' : 'text',
  };
}
