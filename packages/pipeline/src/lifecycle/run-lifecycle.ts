import { resolve } from 'node:path';
import { EXIT, UsageError } from '../cli/cli-error.ts';
import type { Io } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import type { CheckedLifecycle } from './check-lifecycle.ts';
import type { DoneStep } from './done-step.ts';
import { figuresKnownFor, type Measured } from './figures.ts';
import { checkMeasured, criteriaOf, judge } from './gate.ts';
import { lastGood } from './last-good.ts';
import { makeReady, type TrialChanges } from './make-ready.ts';
import { dependsOnRound } from './places.ts';
import type { ReadyStep } from './ready-step.ts';
import { runStep } from './run-step.ts';
import type { StepRecord } from './step-record.ts';

/** What is told of a life while it goes on. */
export interface LifeEvents {
  readonly onStep: (step: ReadyStep, progress: { round: number; rounds: number; number: number; of: number }) => void;
  readonly onDone: (done: DoneStep) => void;
  readonly say: (text: string) => void;
}

export interface RunLifecycleOptions extends LifeEvents {
  readonly io: Io;
  readonly lifecycle: CheckedLifecycle;
  /** The folder of the life. */
  readonly root: string;
  /** What the folder of a place is called; default as the place. */
  readonly folderNameOf?: (place: string) => string;
  readonly json: boolean;
  /** Take runs that are there without a record as those of this life. */
  readonly adopts: boolean;
  /** Steps to do again, whatever there is. */
  readonly again: readonly string[];
  /** Passed on to every command that computes and names none. */
  readonly device: string | undefined;
  readonly trial?: TrialChanges;
}

/** How a life ended: with which exit code, and with what. */
export interface LifeEnd {
  readonly code: number;
  readonly done: readonly DoneStep[];
  /** Where a gate failed and nothing was left to try. */
  readonly failed?: { readonly step: DoneStep; readonly lastGood: string | undefined };
}

/**
 * Does the steps of a recipe one after the other, each once its gate allows: a step that fails is tried again with the recipe's
 * alternatives, then the next round begins where there is one, and then the life stops. What was done before and has not changed is kept.
 */
export async function runLifecycle(options: RunLifecycleOptions): Promise<LifeEnd> {
  const { lifecycle: { recipe, order, dependencies }, root } = options;
  const again = new Set(options.again);
  const tries: Record<string, number> = {};
  const done: DoneStep[] = [];
  const rounds = recipe.rounds ?? 1;
  let previous = new Map<string, DoneStep>();
  for (let round = 1; ; round++) {
    const results = new Map<string, DoneStep>();
    for (const id of order) if (dependsOnRound(id, dependencies)) delete tries[id];
    let failed: DoneStep | undefined;
    for (let i = 0; i < order.length;) {
      const id = order[i]!;
      const ready = await makeReady(id, { ...options, cwd: options.io.cwd, round, tries, results, previous });
      const { rollback = id } = recipe.steps[id]!;
      const criteria = criteriaOf(id, recipe);
      checkMeasured(criteria, { id, known: (step) => (step === id ? figuresKnownFor(ready.run, ready.flags) : undefined) });
      options.onStep(ready, { round, rounds, number: i + 1, of: order.length });
      const end = await runStep(ready, { io: options.io, root, json: options.json, adopts: options.adopts, again: again.delete(ready.place) || (round === 1 && again.delete(id)), say: options.say });
      if ('code' in end) return { code: end.code, done };
      const verdicts = judge(criteria, { id, measured: (step) => measuredBy(step === id ? end.record : results.get(step)?.record, step) });
      const step: DoneStep = { id, round, record: end.record, kept: end.kept, verdicts, path: ready.output.path, folder: ready.output.folder };
      results.set(id, step);
      done.push(step);
      options.onDone(step);
      if (verdicts.every(({ passed }) => passed)) {
        i++;
        continue;
      }
      const alternatives = [recipe.steps[rollback]!.alternative ?? []].flat().length;
      const number = (tries[rollback] ?? 1) + 1;
      if (number > alternatives + 1) {
        failed = step;
        break;
      }
      tries[rollback] = number;
      i = order.indexOf(rollback);
      options.say(`Back to ${rollback}: try ${number} of ${alternatives + 1}, with other flags.`);
    }
    const ownGates = order.filter((id) => dependsOnRound(id, dependencies) && criteriaOf(id, recipe).length > 0);
    if (failed !== undefined && (round === rounds || !dependsOnRound(failed.id, dependencies))) {
      const good = lastGood(failed, { results, previous });
      return { code: EXIT.gate, done, failed: { step: failed, lastGood: good === undefined ? undefined : shownPath(resolve(options.io.cwd, good), options.io.cwd) } };
    }
    if (failed === undefined && (round === rounds || ownGates.length > 0)) return { code: EXIT.ok, done };
    if (failed !== undefined) options.say(`Round ${round} of ${rounds} did not pass the gate of ${failed.id}; the next one begins.`);
    // A step that the round did not come to counts as it was before.
    previous = new Map([...previous, ...results]);
  }
}

function measuredBy(record: StepRecord | undefined, step: string): Measured {
  if (record?.result === undefined) throw new UsageError(`llm run: expected ${step} to be done before a gate that looks at it but found that it was not. Name it in needs.`);
  return record.result;
}
