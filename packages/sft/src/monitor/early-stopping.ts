/** Where early stopping stands; plain data, so that it is saved with a run. A type and not an interface, so that it counts as JSON. */
export type EarlyStopping = {
  /** The best evaluation so far. */
  readonly best: { readonly step: number; readonly value: number } | undefined;
  /** Evaluations in a row that were no better. */
  readonly waited: number;
  /** The last one was the best: keep these parameters. */
  readonly improved: boolean;
  /** There is no use in going on. */
  readonly stop: boolean;
  /** Evaluations in a row that were worse than the one before while the loss in training fell. */
  readonly apart: number;
  /** What is suspicious about it. */
  readonly warning?: string;
  readonly last?: { readonly value: number; readonly trainLoss?: number };
};

export interface EarlyStoppingOptions {
  /** Stop after so many evaluations in a row that were no better; default 3. */
  readonly patience?: number;
  /** What counts as better: by more than this; default 0. */
  readonly minDelta?: number;
  /** For accuracies and the like; default false, for losses. */
  readonly higherIsBetter?: boolean;
}

/** Early stopping that has seen nothing yet. */
export function startEarlyStopping(): EarlyStopping {
  return { best: undefined, waited: 0, improved: false, stop: false, apart: 0 };
}

/**
 * Early stopping after one more evaluation on held-out data: whether it was the best, whether to stop, and whether the model
 * learns its training data by heart, which shows where validation gets worse twice in a row while the loss in training falls.
 *
 * A value that is not finite is no better than any other.
 *
 * @example
 * ```ts
 * import { afterEvaluation, startEarlyStopping } from '@llm/sft';
 * let state = startEarlyStopping();
 * for (const [step, value] of [2, 1.5, 1.6, 1.55].entries()) state = afterEvaluation(state, { step, value }, { patience: 2 });
 * if (!state.stop || state.best?.step !== 1) throw new Error('the second was the best, and two were no better');
 * ```
 */
export function afterEvaluation(
  state: EarlyStopping, { step, value, trainLoss }: { readonly step: number; readonly value: number; readonly trainLoss?: number },
  { patience = 3, minDelta = 0, higherIsBetter = false }: EarlyStoppingOptions = {},
): EarlyStopping {
  if (!Number.isSafeInteger(patience) || patience < 1) throw new RangeError(`afterEvaluation: expected patience to be a whole number from 1 on but found ${patience}.`);
  const gain = (before: number, after: number): number => (higherIsBetter ? after - before : before - after);
  const improved = Number.isFinite(value) && (state.best === undefined || gain(state.best.value, value) > minDelta);
  const waited = improved ? 0 : state.waited + 1;
  const { last } = state;
  const worse = last !== undefined && gain(last.value, value) < 0;
  const fell = last?.trainLoss !== undefined && trainLoss !== undefined && trainLoss < last.trainLoss;
  const apart = worse && fell ? state.apart + 1 : 0;
  return {
    best: improved ? { step, value } : state.best, waited, improved, stop: waited >= patience, apart,
    ...(apart >= 2 ? { warning: `Validation got worse ${apart} times in a row (now ${value.toPrecision(4)}) while the loss in training fell (now ${trainLoss!.toPrecision(4)}): the model learns its training data by heart. Stop, lower the learning rate or the epochs, or use more data.` } : {}),
    last: { value, ...(trainLoss === undefined ? {} : { trainLoss }) },
  };
}
