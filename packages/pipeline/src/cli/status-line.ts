import type { Progress } from '@llm/train';
import { bytes, digits, duration, short } from './format.ts';
import type { Io } from './io.ts';

/** What one step shows. */
export interface StatusStep {
  /** Steps done, of so many. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly lr: number;
  readonly gradNorm: number;
  readonly progress: Progress;
}

export interface StatusLine {
  update(step: StatusStep): void;
  /** Prints text above the line. */
  print(text: string): void;
  end(): void;
}

const DRAW_EVERY_MS = 200;

/** `step 12/400 · loss 5.12 · lr 1.2e-3 · grad 0.8 · 9.21 k tok/s · 61.2 GFLOP/s · MFU 58 % · 212 MiB · 1m10s left` */
export function statusText({ step, steps, loss, lr, gradNorm, progress: { tokensPerSecond, flopsPerSecond, mfu, peakBytes, etaSeconds } }: StatusStep): string {
  return [
    `step ${step}/${steps}`,
    `loss ${loss.toFixed(3)}`,
    `lr ${digits(lr)}`,
    `grad ${digits(gradNorm)}`,
    `${short(tokensPerSecond)} tok/s`,
    ...(flopsPerSecond === undefined ? [] : [`${(flopsPerSecond / 1e9).toFixed(1)} GFLOP/s`]),
    // Beyond 1 the peak was measured while something else ran, and means nothing.
    ...(mfu === undefined || mfu > 1 ? [] : [`MFU ${(100 * mfu).toFixed(0)} %`]),
    bytes(peakBytes),
    ...(etaSeconds === undefined ? [] : [`${duration(etaSeconds)} left`]),
  ].join(' · ');
}

/** The mean of the last values, so that the line does not flicker. */
function smoothed(beta: number): (value: number) => number {
  let [mean, left] = [0, 1];
  return (value) => {
    if (Number.isFinite(value)) [mean, left] = [beta * mean + (1 - beta) * value, left * beta];
    return left === 1 ? value : mean / (1 - left);
  };
}

/**
 * A line that is redrawn in place on a terminal; elsewhere a plain line every `everySeconds`; nothing when `quiet`.
 */
export function statusLine(io: Io, { everySeconds = 10, quiet = false, now = () => performance.now() }: { everySeconds?: number; quiet?: boolean; now?: () => number } = {}): StatusLine {
  const loss = smoothed(0.95);
  const gradNorm = smoothed(0.95);
  let drawn = false;
  let last = -Infinity;
  const clear = (): void => {
    if (drawn) io.err('\r\u001b[K');
    drawn = false;
  };
  return {
    update(step) {
      const text = statusText({ ...step, loss: loss(step.loss), gradNorm: gradNorm(step.gradNorm) });
      const due = now() - last >= (io.isTTY ? DRAW_EVERY_MS : everySeconds * 1000) || step.step >= step.steps;
      if (quiet || !due) return;
      last = now();
      if (!io.isTTY) {
        io.err(`${text}\n`);
        return;
      }
      clear();
      io.err([...text].slice(0, Math.max(20, io.columns() - 1)).join(''));
      drawn = true;
    },
    print(text) {
      if (quiet) return;
      clear();
      io.err(`${text}\n`);
    },
    end() {
      if (drawn) io.err('\n');
      drawn = false;
    },
  };
}
