import type { DoneStep } from './done-step.ts';

/** The newest model that passed its gates and that a failed step builds on; in a later round that of the round before. */
export function lastGood(failed: DoneStep, { results, previous }: { results: ReadonlyMap<string, DoneStep>; previous: ReadonlyMap<string, DoneStep> }): string | undefined {
  const before = [...results.values()].filter(({ id }) => id !== failed.id).toReversed();
  const old = [...previous.values()].toReversed();
  return [...before, ...old].find(({ record, verdicts }) => (record.result?.bytes ?? 0) > 0 && verdicts.every(({ passed }) => passed))?.path;
}
