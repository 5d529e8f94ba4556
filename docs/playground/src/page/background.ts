import { duration } from './format.ts';

export interface BackgroundOptions {
  /** Steps done where a training is under way, or undefined. */
  readonly step: () => number | undefined;
  readonly onReturn: (sentence: string) => void;
}

/** Shorter than this is a glance at another tab. */
const LEAST_MS = 4000;

/** Tells, when the visitor comes back to the tab, whether the browser let it go on meanwhile. */
export function watchBackground({ step, onReturn }: BackgroundOptions): void {
  let left: { readonly at: number; readonly step: number } | undefined;
  document.addEventListener('visibilitychange', () => {
    const now = step();
    if (document.hidden) {
      left = now === undefined ? undefined : { at: performance.now(), step: now };
      return;
    }
    if (left === undefined) return;
    const away = performance.now() - left.at;
    const done = now === undefined ? undefined : now - left.step;
    left = undefined;
    if (away < LEAST_MS || done === undefined) return;
    onReturn(done > 0
      ? `Training went on while this tab was in the background: ${done} steps in ${duration(away / 1000)}.`
      : `The browser held training up while this tab was in the background (${duration(away / 1000)}). Leave it in sight to go on faster.`);
  });
}
