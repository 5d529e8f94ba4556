import type { CausalBatch } from '@llm/pretrain';
import type { Rates } from '../device/measure-rates.ts';
import { calibrate } from '../train/calibrate.ts';
import { fitsTraining, type MemoryLimits } from '../train/check-memory.ts';
import { memoryOf, modelOf, stepFlopsOf, type Work } from './work.ts';

/** How long something takes, and whether that was timed here or worked out. */
export interface Estimate {
  readonly seconds: number;
  readonly how: 'measured' | 'estimated';
}

/** What a device reaches of its own best in training, where no step was timed; of small models it is less. */
const EFFICIENCY = 0.5;
/** Steps that would take longer than this are not timed: six of them, and a plan is to be had at once. */
const LONGEST_TIMED_SECONDS = 0.4;

/** The seconds of one step of a work on the device in use. */
export type StepTimer = (work: Work) => Promise<Estimate>;

/**
 * Times steps of full training on random tokens where they are short and fit, and works the others out from the rate of matrix products:
 *
 *   seconds = flops / (0.5 · rate)
 *
 * An adapter's step is that of full training, by the ratio of their operations.
 */
export function stepTimer({ rates, limits }: { rates: Pick<Rates, 'matmulFlops'>; limits: MemoryLimits }): StepTimer {
  const known = new Map<string, Promise<Estimate>>();
  const time = async (work: Work): Promise<Estimate> => {
    const full: Work = { ...work, adapter: false, accumulate: 1 };
    const flops = stepFlopsOf(work);
    const guess = stepFlopsOf(full) / (EFFICIENCY * rates.matmulFlops);
    const model = modelOf(work.config);
    const fits = memoryOf(full) === undefined || fitsTraining(model, full, limits);
    if (guess > LONGEST_TIMED_SECONDS || !fits) return { seconds: flops / (EFFICIENCY * rates.matmulFlops), how: 'estimated' };
    const { secondsPerStep } = await calibrate(model, randomBatches(work, model.shape.vocabSize), { accumulate: 1, checkpointed: work.checkpointed, precision: work.precision });
    return { seconds: secondsPerStep * (flops / stepFlopsOf(full)), how: work.adapter ? 'estimated' : 'measured' };
  };
  return (work) => {
    const { steps: _, ...same } = work;
    const key = JSON.stringify(same);
    const found = known.get(key) ?? time(work);
    known.set(key, found);
    return found;
  };
}

/** The same batch again and again: what is in it makes no step longer or shorter. */
function* randomBatches({ batch, length }: Work, vocabulary: number): Generator<CausalBatch> {
  const size = batch * length;
  const ids = Int32Array.from({ length: size }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 0) % vocabulary);
  const each: CausalBatch = {
    ids, targets: Int32Array.from(ids, (_, i) => ids[(i + 1) % size]!), segments: new Int32Array(size), positions: Int32Array.from({ length: size }, (_, i) => i % length),
    rows: batch, length, targetCount: size, packed: false, restarts: false,
  };
  for (;;) yield each;
}
