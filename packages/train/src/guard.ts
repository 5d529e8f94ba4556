/** What the guard remembers between steps. */
export interface GuardState {
  readonly losses: number[];
  readonly norms: number[];
  /** Bad steps in a row. */
  bad: number;
}

export interface GuardOptions {
  /** Stop after this many steps in a row whose loss or gradient is not finite; default 3. */
  readonly maxBad?: number;
  /** Leave an update out when loss or gradient norm is this many standard deviations above its recent mean; default Infinity. */
  readonly spikeZ?: number;
  /** How many past steps the mean is over; default 128. A spike is judged only once that many have been seen. */
  readonly window?: number;
}

/** Decides about one step at a time. */
export interface Guard {
  /** Why the update must be left out, or undefined where it may go ahead. */
  judge(loss: number, gradNorm: number): string | undefined;
  /** Throws NonFiniteError once there were too many bad steps in a row. */
  stopIfHopeless(): void;
}

/** Training met values that are not finite several times in a row; the parameters are those of the last good step. */
export class NonFiniteError extends Error {
  readonly code = 'E_NON_FINITE';
  override readonly name = 'NonFiniteError';
}

/** (value − mean) / standard deviation of the window. */
export function zScore(window: readonly number[], value: number): number {
  const mean = window.reduce((sum, x) => sum + x, 0) / window.length;
  const variance = window.reduce((sum, x) => sum + (x - mean) ** 2, 0) / window.length;
  return variance === 0 ? 0 : (value - mean) / Math.sqrt(variance);
}

/** A guard over a state that the caller keeps, so that a resumed run judges as the uninterrupted one would. */
export function guard(state: GuardState, { maxBad = 3, spikeZ = Infinity, window = 128 }: GuardOptions = {}): Guard {
  return {
    judge(loss, gradNorm) {
      if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
        state.bad++;
        return `loss ${loss}, gradient norm ${gradNorm}: not finite`;
      }
      state.bad = 0;
      const full = state.losses.length >= window;
      const lossZ = full ? zScore(state.losses, loss) : 0;
      const normZ = full ? zScore(state.norms, gradNorm) : 0;
      state.losses.push(loss);
      state.norms.push(gradNorm);
      if (state.losses.length > window) {
        state.losses.shift();
        state.norms.shift();
      }
      if (lossZ > spikeZ) return `loss ${loss.toFixed(3)} is ${lossZ.toFixed(1)} standard deviations above its mean`;
      if (normZ > spikeZ) return `gradient norm ${gradNorm.toFixed(3)} is ${normZ.toFixed(1)} standard deviations above its mean`;
      return undefined;
    },
    stopIfHopeless() {
      if (state.bad < maxBad) return;
      throw new NonFiniteError(
        `train: expected finite loss and gradients but found ${state.bad} steps in a row without. `
        + 'Lower the learning rate, lengthen the warm-up, or look at the data of these steps.',
      );
    },
  };
}
