import { resolve } from 'node:path';
import { mkdirSync } from 'node:fs';
import { countParameters } from '@llm/tensor';
import { type Counted, measurePeak } from '@llm/train';
import { type FileSystem, lockRun } from '@llm/train/node';
import { CliError, EXIT, UsageError } from '../cli/cli-error.ts';
import { count, digits, duration, short, table } from '../cli/format.ts';
import { type Io, printable } from '../cli/io.ts';
import { statusLine } from '../cli/status-line.ts';
import { exitCodeOf } from '../cli/stopped.ts';
import { shownPath } from '../cli/shown-path.ts';
import { type DeviceChoice, DEVICE_CHOICES, pickDevice, type PickedDevice } from '../device/pick-device.ts';
import { environment } from '../run/environment.ts';
import { replaceText } from '../run/replace-text.ts';
import { invocation } from '../train/drive-run.ts';
import { clearRun } from '../train/open-run.ts';
import { runPaths } from '../train/run-paths.ts';
import type { Stage, StageContext } from './stage.ts';
import { readStage, type StageRecord, writeStage } from './stage-record.ts';
import { stageReportHtml } from './stage-report.ts';
import { trainStage, type TrainedStage } from './train-stage.ts';

/** Flags that every stage has. */
export interface StageFlags {
  readonly name: string;
  readonly runs: string;
  readonly fresh: boolean;
  readonly resume: boolean;
  readonly json: boolean;
  readonly device?: DeviceChoice | undefined;
}

export interface DriveStageOptions<O extends StageFlags, B extends Counted> {
  readonly io: Io;
  /** The command: sft, dpo, … */
  readonly stage: string;
  readonly options: O;
  /** Makes the stage ready, from its options alone: it is called again when a run goes on. */
  readonly prepare: (options: O, context: StageContext) => Promise<Stage<B>>;
  readonly fs?: FileSystem;
}

/** Flags that say how to run and not what: a run goes on whatever they are. */
const HOW = ['name', 'runs', 'fresh', 'resume', 'json', 'device'];

/** Begins a stage or goes on with it, trains it to its end, saves it, and tells how it went. Returns the exit code. */
export async function driveStage<O extends StageFlags, B extends Counted>({ io, stage: name, options, prepare, fs }: DriveStageOptions<O, B>): Promise<number> {
  const { json, fresh, resume } = options;
  const folder = resolve(io.cwd, options.runs, options.name);
  const shown = shownPath(folder, io.cwd);
  if (resume && fresh) throw new UsageError(`llm ${name}: expected --resume or --fresh but found both. Leave one out.`);
  const status = statusLine(io, { quiet: json });
  const say = (text: string): void => {
    if (json) io.out(`${JSON.stringify({ type: 'notice', text })}\n`);
    else status.print(printable(text));
  };
  const existing = await readStage(folder);
  if (existing !== undefined && existing.stage !== name) throw new CliError('E_RUN_EXISTS', `llm ${name}: expected ${shown} to hold a run of ${name} but found one of ${existing.stage}. Name another with --name.`);
  if (resume && existing === undefined) throw new CliError('E_NO_RUN', `llm ${name}: expected a run to go on with but found none in ${shown}. Name one with --name, or leave --resume out.`);
  if (existing !== undefined && !resume && !fresh) throw new CliError('E_RUN_EXISTS', `llm ${name}: expected a new run but found one in ${shown}. Use --resume to go on with it, --fresh to replace it, or --name for another.`);
  if (resume && existing?.result !== undefined) {
    if (json) io.out(`${JSON.stringify({ type: 'finished', folder, before: existing.before, ...existing.result })}\n`);
    else io.out(`${shown} is finished.\n${figuresTable(existing)}\n`);
    return EXIT.ok;
  }
  mkdirSync(folder, { recursive: true });
  const lock = await lockRun(folder);
  let stage: Stage<B> | undefined;
  try {
    if (lock.note !== undefined) say(`Note: ${lock.note}.`);
    if (fresh) await clearRun(folder);
    const device = await pickDevice(options.device ?? (resume ? DEVICE_CHOICES.find((each) => each === existing!.device.name) : undefined));
    for (const note of device.notes) say(`Note: ${note}`);
    const decided = resume ? { ...existing!.options, name: options.name, runs: options.runs, fresh, resume, json } as unknown as O : options;
    stage = await prepare(decided, { io, folder, device, say });
    const record = resume ? existing! : await begin(folder, { name, options, stage, device });
    if (!json) say(`Training; stop with Ctrl-C and go on later. Files: ${shown}\n`);
    const run = await trainStage({
      folder, record, stage, signal: io.stop, say, ...(fs === undefined ? {} : { fs }),
      onStep: (line, progress) => {
        if (json) io.out(`${JSON.stringify({ type: 'step', ...line })}\n`);
        else status.update({ step: line.step + 1, steps: stage!.steps, loss: line.loss ?? Number.NaN, lr: line.lr, gradNorm: line.grad_norm ?? Number.NaN, progress });
        const figures = Object.entries(line.figures ?? {}).filter(([key]) => key in (record.before ?? {}) || key.startsWith('val/'));
        if (!json && figures.length > 0) status.print(`step ${line.step + 1}: ${figures.map(([key, value]) => `${key} ${value === null ? '?' : digits(value)}`).join(', ')}`);
        const [sample] = line.samples ?? [];
        if (!json && sample !== undefined) status.print(`  sample: ${printable(JSON.stringify(sample.prompt + sample.text)).slice(0, 300)}`);
      },
    });
    status.end();
    return await conclude(run, { io, json, folder, shown, name, options, stage });
  } finally {
    status.end();
    stage?.dispose();
    await lock.release();
  }
}

async function begin(folder: string, { name, options, stage, device }: { name: string; options: StageFlags; stage: Pick<Stage, 'inputs'>; device: PickedDevice }): Promise<StageRecord> {
  const record: StageRecord = {
    formatVersion: 1, stage: name, name: options.name, createdAt: new Date().toISOString(), inputs: stage.inputs,
    options: Object.fromEntries(Object.entries(options).filter(([key, value]) => value !== undefined && !HOW.includes(key))),
    environment: { ...environment() }, device: { name: device.name, description: device.description, threads: device.threads, peakFlops: await measurePeak() },
  };
  await writeStage(folder, record);
  return record;
}

async function conclude(run: TrainedStage, { io, json, folder, shown, name, options, stage }: {
  io: Io; json: boolean; folder: string; shown: string; name: string; options: StageFlags; stage: Pick<Stage, 'sections' | 'steps' | 'save' | 'params'>;
}): Promise<number> {
  const { lines } = run;
  const report = async (record: StageRecord): Promise<void> => replaceText(runPaths(folder).report, stageReportHtml({ record, lines, sections: stage.sections }));
  if (!run.finished) {
    await report(run.record);
    if (json) io.out(`${JSON.stringify({ type: 'stopped', step: run.step, folder })}\n`);
    else io.err(`Stopped and saved at step ${run.step} of ${stage.steps}. Go on with: ${invocation(io, `${name} --resume --name ${options.name}${options.runs === 'runs' ? '' : ` --runs ${options.runs}`}`)}\n`);
    return exitCodeOf(io.stop.reason) ?? EXIT.failure;
  }
  const saved = await stage.save();
  const record: StageRecord = {
    ...run.record,
    result: {
      finishedAt: new Date().toISOString(), steps: run.step, tokens: lines.at(-1)?.tokens ?? 0, seconds: lines.reduce((sum, { seconds }) => sum + seconds, 0),
      trained: run.trained, parameters: countParameters(stage.params), after: run.after!,
    },
  };
  await writeStage(folder, record);
  await report(record);
  if (json) io.out(`${JSON.stringify({ type: 'result', folder, before: record.before, ...record.result })}\n`);
  else {
    const { steps, seconds, trained, parameters } = record.result!;
    io.out(`\nTrained ${short(trained)} of ${short(parameters)} parameters for ${count(steps)} steps in ${duration(seconds)}.\n\n${figuresTable(record)}\n\n${saved}\nReport: ${shownPath(runPaths(folder).report, io.cwd)}\n\nNext:\n  ${invocation(io, `chat ${shown}`)}\n`);
  }
  return EXIT.ok;
}

function figuresTable({ before = {}, result }: StageRecord): string {
  const after = result?.after ?? {};
  const cell = (value: number | undefined): string => (value === undefined ? '' : digits(value));
  return table(['on held-out items', 'before', 'after'], Object.keys({ ...before, ...after }).map((key) => [key, cell(before[key]), cell(after[key])]));
}
