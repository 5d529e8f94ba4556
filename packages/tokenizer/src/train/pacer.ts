/** How far a training is. */
export interface TrainProgress {
  /** `count` reads the documents, `merge` learns from them. */
  readonly phase: 'count' | 'merge';
  /** Merges learnt so far. */
  readonly merges: number;
  /** Merges to learn, at most. */
  readonly total: number;
}

/** How a training tells of itself and is stopped. */
export interface TrainControl {
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Stops the training: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

// Long enough to cost nothing, short enough for a page to stay alive.
const PAUSE_EVERY_MS = 40;

/** Returns a function that calls `report`, stops, or gives way to other tasks, where it is time to. */
export function pauses(signal: AbortSignal | undefined): (report: () => void) => Promise<void> | undefined {
  signal?.throwIfAborted();
  let last = performance.now();
  return (report) => {
    if (performance.now() - last < PAUSE_EVERY_MS) return undefined;
    report();
    return new Promise((resolve) => setTimeout(resolve)).then(() => {
      signal?.throwIfAborted();
      last = performance.now();
    });
  };
}

/** {@link pauses} that report how many of `total` merges are learnt. */
export function pacer({ onProgress, signal }: TrainControl, total: number): (phase: TrainProgress['phase'], merges: number) => Promise<void> | undefined {
  const pause = pauses(signal);
  return (phase, merges) => pause(() => onProgress?.({ phase, merges, total }));
}
