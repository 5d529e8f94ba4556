import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { redactData } from '@llm/safety';
import { lockRun } from '@llm/train/node';
import { EXIT, UsageError } from '../cli/cli-error.ts';
import type { Command } from '../cli/command.ts';
import { didYouMean } from '../cli/did-you-mean.ts';
import { type Io, printable } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import type { Prices } from '../cost/step-cost.ts';
import { replaceText } from '../run/replace-text.ts';
import { checkLifecycle } from './check-lifecycle.ts';
import type { DoneStep } from './done-step.ts';
import { verdictText } from './gate.ts';
import { writeLife } from './life-file.ts';
import { lifeReportHtml } from './life-report.ts';
import type { Lifecycle } from './read-lifecycle.ts';
import type { LifecycleRecipe } from './recipe-shape.ts';
import { type LifeEnd, type LifeEvents, runLifecycle } from './run-lifecycle.ts';
import { checkSearch, runSearch, searchText } from './search.ts';
import { summaryRows, summaryText } from './summary.ts';

export interface LiveOptions {
  readonly io: Io;
  readonly commands: readonly Command[];
  readonly json: boolean;
  readonly again: readonly string[];
  readonly device: string | undefined;
  readonly name: string;
  /** The folder in which steps have theirs. */
  readonly root: string;
  /** What the folder of a step is called; default as its place. */
  readonly folderNameOf?: (place: string) => string;
  /** Where the table, report.html and life.json go; default the root. */
  readonly account?: string;
  /** Take runs that are there without a record of this life as its own. */
  readonly adopts?: boolean;
  readonly prices: Prices;
  /** What was typed. */
  readonly command: string;
}

/** Lives a recipe to its end, and tells how it went: the table, report.html and life.json. Returns the exit code. */
export async function liveLifecycle(lifecycle: Lifecycle, { io, commands, json, again, device, name, root, folderNameOf, account = root, adopts = false, prices, command }: LiveOptions): Promise<number> {
  const { recipe, at } = lifecycle;
  const checked = checkLifecycle(lifecycle, { commands, cwd: io.cwd });
  if (recipe.search !== undefined) checkSearch(recipe, recipe.search, at);
  for (const id of again) if (!checked.order.includes(id.replace(/-(?:t\d+|round\d+|try\d+).*$/, ''))) throw new UsageError(`llm run: expected --again to name steps but found ${id}.${didYouMean(id, checked.order)}`);
  await mkdir(account, { recursive: true });
  const lock = await lockRun(account);
  try {
    const told = { account, name, recipe, prices, command };
    const shared = { io, root, json, again, device, adopts, ...(folderNameOf === undefined ? {} : { folderNameOf }), ...events({ io, json, steps: recipe.steps }) };
    if (lock.note !== undefined) shared.say(`Note: ${lock.note}.`);
    if (recipe.search === undefined) return await conclude(await runLifecycle({ ...shared, lifecycle: checked }), { io, json, ...told });
    const found = await runSearch({ ...shared, lifecycle, commands });
    if (found.code !== EXIT.ok) return found.code;
    const done = distinct(found.trials.flatMap(({ end }) => end.done));
    await writeAccount({ code: EXIT.ok, done }, { ...told, ending: `The best of ${found.trials.length} trials is ${found.trials[0]!.name}.` });
    await replaceText(join(account, 'search.json'), `${JSON.stringify({ ...recipe.search, rungs: found.rungs, trials: found.trials.map(({ end: _, ...trial }) => trial) }, null, 2)}\n`);
    if (json) io.out(`${JSON.stringify({ type: 'search', folder: account, rungs: found.rungs, trials: found.trials.map(({ end: _, ...trial }) => trial) })}\n`);
    else io.out(`\n${printable(searchText(found, recipe.search))}\n\nReport: ${shownPath(join(account, 'report.html'), io.cwd)}\n`);
    return EXIT.ok;
  } finally {
    await lock.release();
  }
}

/** What trials share was done once. */
const distinct = (done: readonly DoneStep[]): DoneStep[] => [...new Map(done.map((each) => [each.record.place, each])).values()];

function events({ io, json, steps }: { io: Io; json: boolean; steps: LifecycleRecipe['steps'] }): LifeEvents {
  return {
    say: (line) => (json ? io.out(`${JSON.stringify({ type: 'notice', text: line })}\n`) : io.err(`${printable(line)}\n`)),
    onStep: ({ id, place, run, typed: command }, { round, rounds, number: nth, of }) => {
      if (json) io.out(`${JSON.stringify({ type: 'begin', step: place, run, command })}\n`);
      else io.err(printable(`\n[${nth}/${of}${rounds === 1 ? '' : `, round ${round} of ${rounds}`}] ${place}: ${run}\n${steps[id]?.description === undefined ? '' : `${steps[id].description}\n`}`));
    },
    onDone: ({ record: { place, result }, kept, verdicts, path }) => {
      if (json) io.out(`${JSON.stringify({ type: 'done', step: place, kept, path, figures: result!.figures, before: result!.before, sha256: result!.sha256, verdicts })}\n`);
      else {
        if (kept) io.err(`${place}: unchanged, kept.\n`);
        for (const verdict of verdicts) io.err(printable(`Gate of ${place}: ${verdict.passed ? 'passed' : 'FAILED'}: ${verdictText(verdict)}\n`));
      }
    },
  };
}

interface Account {
  readonly account: string;
  readonly name: string;
  readonly recipe: LifecycleRecipe;
  readonly prices: Prices;
  /** What was typed. */
  readonly command: string;
}

async function conclude(end: LifeEnd, { io, json, ...told }: Account & { io: Io; json: boolean }): Promise<number> {
  const { code, failed } = end;
  if (failed === undefined && code !== EXIT.ok) {
    if (!json) io.err(printable(`The life goes on from here with: ${told.command}\n`));
    return code;
  }
  const lost = failed?.step.verdicts.filter(({ passed }) => !passed).map(verdictText).join('; ');
  const kept = failed === undefined ? '' : `${failed.lastGood === undefined ? '' : ` The last good model is in ${failed.lastGood}.`} What did not pass is kept in ${failed.step.path}.`;
  const ending = failed === undefined ? 'Every gate that was asked for is passed.' : `Stopped at the gate of ${failed.step.record.place}: ${lost}.${kept}`;
  const { account, recipe, prices } = told;
  const rows = summaryRows({ recipe, done: end.done, prices });
  await writeAccount(end, { ...told, ending });
  if (json) io.out(`${JSON.stringify({ type: 'result', folder: account, code, rows, ...(failed === undefined ? {} : { failed: { step: failed.step.record.place, verdicts: failed.step.verdicts, lastGood: failed.lastGood ?? null, path: failed.step.path } }) })}\n`);
  else io.out(`\n${printable(summaryText(rows))}\n\nReport: ${shownPath(join(account, 'report.html'), io.cwd)}\n`);
  if (failed !== undefined && !json) io.err(printable(`error: E_GATE: ${ending}\n`));
  return code;
}

/** life.json and report.html: how the life went, for people and for `llm compare` and `llm card`. */
async function writeAccount({ done, code }: LifeEnd, { account, name, recipe, prices, ending, command }: Account & { ending: string }): Promise<void> {
  const rows = summaryRows({ recipe, done, prices });
  const steps = done.map(({ id, round, record, verdicts, path, folder }) => ({ step: id, place: record.place, round, path, folder: relative(account, folder), verdicts }));
  await writeLife(account, { formatVersion: 1, name, command, code, ending, recipe, steps });
  await replaceText(join(account, 'report.html'), lifeReportHtml(redactData({ name, recipe, done, rows, ending }, { env: process.env })));
}
