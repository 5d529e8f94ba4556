import type { Progress } from '@llm/train';
import { bytes, digits, duration, short } from './format.ts';
import type { Io } from './io.ts';
import { redrawnLine } from './redrawn-line.ts';

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

/** A line that is redrawn in place on a terminal; elsewhere a plain line every ten seconds; nothing when `quiet`. */
export function statusLine(io: Io, { quiet = false, now }: { quiet?: boolean; now?: () => number } = {}): StatusLine {
  const loss = smoothed(0.95);
  const gradNorm = smoothed(0.95);
  const line = redrawnLine(io, { quiet, waits: false, ...(now === undefined ? {} : { now }) });
  return {
    update(step) {
      const text = statusText({ ...step, loss: loss(step.loss), gradNorm: gradNorm(step.gradNorm) });
      line.show(() => text, step.step >= step.steps);
    },
    print: line.print,
    end: line.end,
  };
}
