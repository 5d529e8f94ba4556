import type { Dependencies } from './references.ts';

/** What sets one doing of a step apart from another of the same life: the trial, the round, and which try of which step it builds on. */
export interface Variant {
  readonly trial: string | undefined;
  readonly round: number;
  /** Tries from the second on, by step. */
  readonly tries: Readonly<Record<string, number>>;
}

export interface PlaceOptions {
  readonly dependencies: Readonly<Record<string, Dependencies>>;
  readonly variant: Variant;
  /** Whether a trial changes something of a step itself. */
  readonly changed: (id: string, dependencies: Dependencies) => boolean;
}

/** Whether a step, or anything that it builds on, satisfies `has`. */
function reaches(id: string, dependencies: PlaceOptions['dependencies'], has: (id: string) => boolean): boolean {
  return has(id) || dependencies[id]!.steps.some((each) => reaches(each, dependencies, has));
}

/** Whether a step is another one in another round. */
export const dependsOnRound = (id: string, dependencies: PlaceOptions['dependencies']): boolean => reaches(id, dependencies, (each) => dependencies[each]!.round);

/**
 * The folder of a step. What makes no difference to it is not in its name, so that rounds, trials and tries share what they have in
 * common: `sft`, `sft-round2`, `sft-try2`, `eval-sft-try2`, `sft-t3`.
 */
export function placeOf(id: string, { dependencies, variant: { trial, round, tries }, changed }: PlaceOptions): string {
  const parts = [id];
  if (trial !== undefined && reaches(id, dependencies, (each) => changed(each, dependencies[each]!))) parts.push(trial);
  if (round > 1 && dependsOnRound(id, dependencies)) parts.push(`round${round}`);
  for (const [step, number] of Object.entries(tries)) {
    if (number > 1 && reaches(id, dependencies, (each) => each === step)) parts.push(step === id ? `try${number}` : `${step}-try${number}`);
  }
  return parts.join('-');
}
