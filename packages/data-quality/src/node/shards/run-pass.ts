import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { finite } from '../../histogram.ts';
import { createLedger } from '../../ledger.ts';
import { readLines } from '../../read-lines.ts';
import { droppedDecision, keptDecision, measuring, tellingLedger, type Decision, type DropExample } from '../../shards/decision.ts';
import { runSteps } from '../../shards/run-steps.ts';
import { isAcross, type AcrossShards, type Recipe, type Step } from '../../shards/step.ts';
import type { Document } from '../../types.ts';
import { atomicFile, writeWhole, type AtomicFile } from './atomic-file.ts';
import type { ShardPlan } from './plan-shards.ts';
import { readPart } from './read-part.ts';
import { acrossName, hashJson, numbered, passName, readDone, runFolder, writeDone, type DoneRecord, type TaskFile } from './run-folder.ts';

/** The steps between two barriers, and the barrier behind them. */
export interface Pass {
  readonly steps: readonly Step[];
  readonly across: AcrossShards | undefined;
}

/** A recipe cut at its barriers. */
export function passesOf(recipe: Recipe): Pass[] {
  const passes: Pass[] = [];
  let steps: Step[] = [];
  for (const step of recipe) {
    if (!isAcross(step)) steps.push(step);
    else {
      passes.push({ steps, across: step });
      steps = [];
    }
  }
  return [...passes, { steps, across: undefined }];
}

/**
 * What the stages of a recipe are called, in order: `pass-0` up to the first step over all shards, `across-0` that step, `pass-1` …
 *
 * @example
 * ```ts
 * import { finewebRecipe } from '@llm/data-quality';
 * import { stagesOf } from '@llm/data-quality/node';
 * console.assert(stagesOf(finewebRecipe()).join() === 'pass-0,across-0,pass-1');
 * ```
 */
export function stagesOf(recipe: Recipe): string[] {
  return passesOf(recipe).flatMap(({ across }, i) => [`pass-${i}`, ...(across ? [acrossName(i)] : [])]);
}

export interface TaskOptions {
  readonly out: string;
  readonly plan: ShardPlan;
  readonly recipe: Recipe;
  readonly signal: AbortSignal | undefined;
  /** Called before each document is worked on, with how much text there was before. */
  readonly onDocument: (document: Document) => void;
}

const MAX_EXAMPLES = 5;
const EXAMPLE_UNITS = 500;
/** What is read again soon is packed quickly. */
const WORK_LEVEL = 1;
const RESULT_LEVEL = 6;

/** The key of a task of a pass, and what it goes on from; undefined where that is not there yet. */
export async function passInputs({ out, plan }: Pick<TaskOptions, 'out' | 'plan'>, pass: number, task: number): Promise<{ key: string; before?: DoneRecord; duplicates?: TaskFile | undefined } | undefined> {
  if (pass === 0) {
    const parts = plan.tasks[task]?.parts.map(({ source, size, modified, start, end }) => [source, size, modified, start, end]);
    return { key: hashJson([plan.key, 0, parts]) };
  }
  const folder = runFolder(out);
  const earlier = await passInputs({ out, plan }, pass - 1, task);
  const before = earlier && (await readDone(folder, passName(pass - 1, task), earlier.key));
  const across = await readDone(folder, acrossName(pass - 1));
  const groups = across && (await readDone(folder, acrossName(pass - 1, task), across.key));
  if (!before || !groups) return undefined;
  const duplicates = groups.files['groups'];
  return { key: hashJson([plan.key, pass, before.key, Object.values(before.files).map(({ sha256 }) => sha256), duplicates?.sha256]), before, duplicates };
}

/** Lines of a file that a pass before has written. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  try {
    yield* readLines(path.endsWith('.gz') ? pipeline(file, createGunzip(), () => {}) : file, { maxLineBytes: 2 ** 30 });
  } finally {
    file.destroy();
  }
}

/** One task of one pass: reads its part, or what the pass before left of it; runs the steps; writes its files, then its marker. */
export async function runPass({ out, plan, recipe, signal, onDocument }: TaskOptions, { pass, task }: { readonly pass: number; readonly task: number }): Promise<DoneRecord> {
  const inputs = await passInputs({ out, plan }, pass, task);
  const passes = passesOf(recipe);
  const { steps, across } = passes[pass] as Pass;
  const barrier = passes[pass - 1]?.across;
  if (inputs === undefined) throw new Error(`runShards: expected pass ${pass - 1} of task ${task} to be done but found that it is not. Run the passes in order.`);
  const folder = runFolder(out);
  const name = numbered(task);
  const ending = plan.gzip ? '.jsonl.gz' : '.jsonl';
  const writer = (file: string): Promise<AtomicFile> => atomicFile(join(out, file), { temporary: folder.temporary, gzipLevel: plan.gzip ? (across ? WORK_LEVEL : RESULT_LEVEL) : undefined });
  const names = across
    ? { data: `run/work/${pass}-${name}${ending}`, decisions: `run/work/${pass}-${name}.decisions${ending}` }
    : { data: `data-${name}${ending}`, decisions: `decisions/${name}${ending}` };

  const ledger = createLedger();
  const counts = { kept: 0, decided: 0, characters: 0 };
  const examples: DropExample[] = [];
  const exampleCounts = new Map<string, number>();
  const summary = across?.summarize();
  const bad = (pass === 0 ? (plan.tasks[task]?.parts ?? []) : []).map(() => 0);
  const lines: string[] = [];
  const [data, decisions] = await Promise.all([writer(names.data), writer(names.decisions)]);

  const decide = (decision: Decision): void => {
    counts.decided++;
    lines.push(`${JSON.stringify(decision)}\n`);
  };
  const watched = measuring(steps, { measure: plan.measured });
  // What goes in is counted in the first pass only, what comes out in the last, so that their sums are those of the whole.
  const telling = tellingLedger({ ...ledger, ...(pass > 0 ? { sawDocument: () => {} } : {}), ...(across ? { keptDocument: () => {} } : {}) }, (document, { filter, verdict }) => {
    decide(droppedDecision(document, { filter, verdict, measures: watched.ofDropped(document, filter) }));
    const seen = exampleCounts.get(verdict.reason) ?? 0;
    exampleCounts.set(verdict.reason, seen + 1);
    const { reason, measured, threshold, comparison } = verdict;
    if (seen < MAX_EXAMPLES) examples.push({ id: document.id, ...(document.source === undefined ? {} : { source: document.source }), filter, reason, measured: finite(measured), threshold, comparison, text: document.text.slice(0, EXAMPLE_UNITS) });
  });

  const flush = (): Promise<void> | undefined => decisions.write(lines.splice(0).join(''));

  async function* first(): AsyncGenerator<Document> {
    for (const [i, part] of (plan.tasks[task]?.parts ?? []).entries()) yield* readPart(part, { read: plan.read, ledger, signal, onBad: () => { bad[i] = (bad[i] as number) + 1; } });
  }
  /** Goes through the decisions of the pass before, and takes the next document for each that was kept. */
  async function* again({ files }: DoneRecord, duplicates: TaskFile | undefined): AsyncGenerator<Document> {
    const groups = duplicates && new Uint32Array((await readFile(join(out, duplicates.name))).slice().buffer);
    const documents = files['data'] && linesOf(join(out, files['data'].name));
    let at = 0;
    try {
      for await (const line of linesOf(join(out, (files['decisions'] as TaskFile).name))) {
        const decision = JSON.parse(line) as Decision;
        if (!decision.kept) {
          counts.decided++;
          lines.push(`${line}\n`);
          continue;
        }
        const document = JSON.parse((await documents?.next())?.value as string) as Document;
        watched.begin(document, decision.measures);
        const size = groups?.[at++] ?? 0;
        if (size > 0 && barrier) telling.droppedDocument(document, { filter: barrier.name, verdict: { keep: false, ...barrier.rule, measured: barrier.measured(size) } });
        else yield document;
      }
    } finally {
      await documents?.return(undefined);
    }
  }
  async function* source(): AsyncGenerator<Document> {
    for await (const document of inputs?.before ? again(inputs.before, inputs.duplicates) : first()) {
      if (lines.length > 256) await flush();
      onDocument(document);
      yield document;
    }
  }

  try {
    for await (const document of runSteps(source(), watched.steps, { shard: task, shards: plan.tasks.length, ledger: telling, signal })) {
      counts.kept++;
      counts.characters += document.text.length;
      summary?.add(document);
      decide(keptDecision(document, watched.of(document)));
      const wait = data.write(`${JSON.stringify(document)}\n`);
      if (wait) await wait;
    }
    await flush();
    const files: Record<string, TaskFile> = {};
    // A loader of data sets stumbles over a file with nothing in it.
    if (counts.kept > 0) files['data'] = { name: names.data, documents: counts.kept, ...(await data.finish()) };
    else await data.discard();
    files['decisions'] = { name: names.decisions, documents: counts.decided, ...(await decisions.finish()) };
    if (summary) {
      const file = `run/work/${pass}-${name}.summary`;
      files['summary'] = { name: file, documents: counts.kept, ...(await writeWhole(join(out, file), summary.encode(), folder)) };
    }
    const record: DoneRecord = { key: inputs.key, files, ledger: ledger.toJSON(), examples, characters: counts.characters, ...(bad.some((count) => count > 0) ? { bad } : {}) };
    await writeDone(folder, passName(pass, task), record);
    return record;
  } catch (error) {
    await Promise.all([data.discard(), decisions.discard()]);
    throw error;
  }
}
