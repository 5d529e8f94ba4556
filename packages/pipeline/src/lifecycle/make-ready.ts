import type { Command } from '../cli/command.ts';
import type { CheckedLifecycle } from './check-lifecycle.ts';
import type { DoneStep } from './done-step.ts';
import { placeOf } from './places.ts';
import { type Made, readyStep, type ReadyStep } from './ready-step.ts';
import type { Flags, LifecycleRecipe } from './recipe-shape.ts';
import { resolveFlags } from './references.ts';

/** What sets a trial of a search apart: its name, and the steps and values that it changes. */
export interface TrialChanges {
  readonly name: string;
  readonly changes: readonly string[];
}

/** Where a life stands when a step gets ready. */
export interface Moment {
  readonly lifecycle: CheckedLifecycle;
  readonly root: string;
  /** What the folder of a place is called; default as the place. */
  readonly folderNameOf?: (place: string) => string;
  readonly cwd: string;
  readonly device: string | undefined;
  readonly trial?: TrialChanges | undefined;
  readonly round: number;
  readonly tries: Readonly<Record<string, number>>;
  readonly results: ReadonlyMap<string, DoneStep>;
  readonly previous: ReadonlyMap<string, DoneStep>;
}

/** A step with its references replaced, its place and its hash. */
export async function makeReady(id: string, { lifecycle: { recipe, dependencies, commandOf }, root, folderNameOf = (place) => place, cwd, device, trial, round, tries, results, previous }: Moment): Promise<ReadyStep> {
  const step = recipe.steps[id]!;
  const command = commandOf(step.run);
  const variant = { trial: trial?.name, round, tries };
  const place = placeOf(id, { dependencies, variant, changed: (each, { values }) => trial?.changes.some((change) => change === each || values.includes(change)) ?? false });
  const flags = resolveFlags(withDevice(flagsOf(recipe, id, tries[id] ?? 1), command, device), {
    values: recipe.values ?? {}, round, place: (name) => results.get(name)!.path, previous: (name) => previous.get(name)?.path,
  });
  const madeOf = ({ id: from, path, record }: DoneStep): Made => ({ step: from, path, sha256: record.result!.sha256, outputs: record.result!.outputs });
  return readyStep({
    id, place, folderName: folderNameOf(place), run: step.run, command, flags, root, cwd,
    made: [...results.values(), ...previous.values()].map(madeOf), needs: (step.needs ?? []).map((name) => madeOf(results.get(name)!)),
  });
}

/** The flags of a step, with the alternative of its try over them. */
function flagsOf(recipe: LifecycleRecipe, id: string, number: number): Flags {
  const { with: flags = {}, alternative = [] } = recipe.steps[id]!;
  return number === 1 ? flags : { ...flags, ...[alternative].flat()[number - 2] };
}

function withDevice(flags: Flags, command: Command | undefined, device: string | undefined): Flags {
  const takes = command !== undefined && 'device' in (command.definition.args as Record<string, unknown>);
  return device === undefined || !takes || 'device' in flags ? flags : { ...flags, device };
}
