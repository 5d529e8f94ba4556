/** The factor on the loss, and how many steps in a row it has served. */
export interface LossScaleState {
  scale: number;
  good: number;
}

export interface LossScaleOptions {
  /** The factor at first; default 65536. */
  readonly initial?: number;
  /** What the factor is multiplied by after `interval` steps without overflow; default 2. */
  readonly growth?: number;
  /** What the factor is multiplied by after an overflow; default 0.5. */
  readonly backoff?: number;
  /** Default 2000. */
  readonly interval?: number;
}

/** Decides about the factor after each step. */
export interface LossScaler {
  readonly state: LossScaleState;
  /** Takes note of a step; for one that overflowed says what became of the factor, or undefined once it is no use to lower it. */
  judge(finite: boolean): string | undefined;
}

const LEAST = 1;
const MOST = 2 ** 24;

/**
 * Dynamic loss scaling: half-precision gradients below 6e-8 would vanish, so the loss is multiplied by a factor, and the gradients
 * are divided by it before they are used. A step whose gradients overflow is left out and halves the factor; after `interval` good
 * steps it doubles. The defaults are PyTorch's. Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740
 */
export function lossScaler(state: LossScaleState, { growth = 2, backoff = 0.5, interval = 2000 }: LossScaleOptions = {}): LossScaler {
  return {
    state,
    judge(finite) {
      if (finite) {
        state.good++;
        if (state.good >= interval) {
          state.scale = Math.min(MOST, state.scale * growth);
          state.good = 0;
        }
        return undefined;
      }
      state.good = 0;
      if (state.scale <= LEAST) return undefined;
      const before = state.scale;
      state.scale = Math.max(LEAST, state.scale * backoff);
      return `gradients overflowed in half precision: the loss scale goes from ${before} to ${state.scale}`;
    },
  };
}

/** The state at first. */
export function startLossScale({ initial = 65_536 }: LossScaleOptions = {}): LossScaleState {
  if (!(initial >= LEAST && Number.isFinite(initial))) throw new RangeError(`train: expected an initial loss scale of 1 or more but found ${initial}.`);
  return { scale: initial, good: 0 };
}
