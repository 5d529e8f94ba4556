import { dirname, resolve } from 'node:path';
import { disposeTree } from '@llm/tensor';
import { type FileSystem, lockRun } from '@llm/train/node';
import { EXIT } from '../cli/cli-error.ts';
import { bytes, count, digits, duration, short } from '../cli/format.ts';
import { type Io, printable } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import { statusLine } from '../cli/status-line.ts';
import { exitCodeOf } from '../cli/stopped.ts';
import { type DeviceChoice, pickDevice, type PickedDevice } from '../device/pick-device.ts';
import { readRun, type RunRecord } from '../run/run-record.ts';
import type { CreatedRun } from './create-run.ts';
import { finishRun, writeReport } from './finish-run.ts';
import { checkMemory, memoryLimits } from './check-memory.ts';
import { clearRun, openRun } from './open-run.ts';
import { resumeDevice } from './resume-device.ts';
import { runPaths } from './run-paths.ts';
import { trainRun, type TrainedRun } from './train-run.ts';
import { createModel } from '@llm/model';

export interface DriveOptions {
  readonly io: Io;
  readonly json: boolean;
  readonly folder: string;
  /** Start anew, whatever is there. */
  readonly fresh: boolean;
  /** What was asked for; default: that of the run, for a new one `auto`. */
  readonly device: DeviceChoice | undefined;
  /** Makes the run where there is none. */
  readonly create: (onNotice: (text: string) => void, device: PickedDevice) => Promise<CreatedRun>;
  readonly fs?: FileSystem;
}

/** Creates a run or goes on with it, trains it to its end, saves it, and tells how it went. Returns the exit code. */
export async function driveRun({ io, json, folder, fresh, device: choice, create, fs }: DriveOptions): Promise<number> {
  const status = statusLine(io, { quiet: json });
  const say = (text: string): void => {
    if (json) io.out(`${JSON.stringify({ type: 'notice', text })}\n`);
    else status.print(printable(text));
  };
  const shown = shownPath(folder, io.cwd);
  const lock = await lockRun(folder);
  try {
    if (lock.note !== undefined) say(`Note: ${lock.note}.`);
    if (fresh) await clearRun(folder);
    const existing = await readRun(folder);
    const opened = existing === undefined ? await create(say, await pickDevice(choice)) : await goOn(folder, existing, { choice, say });
    const { record } = opened;
    const paths = runPaths(folder);
    if (!json) say(`Training; stop with Ctrl-C and go on later. Files: ${shown}\n`);
    const run = await trainRun({
      folder, ...opened, signal: io.stop, ...(fs === undefined ? {} : { fs }), onNotice: say,
      onStep: (line, progress) => {
        if (json) io.out(`${JSON.stringify({ type: 'step', ...line })}\n`);
        else status.update({ step: line.step + 1, steps: record.settings.training.steps, loss: line.loss ?? Number.NaN, lr: line.lr, gradNorm: line.grad_norm ?? Number.NaN, progress });
        if (!json && line.val_bits_per_byte !== undefined) status.print(`step ${line.step + 1}: held-out loss ${line.val_loss!.toFixed(3)}, ${line.val_bits_per_byte.toFixed(3)} bits per byte`);
      },
      onSamples: ({ samples = [] }) => {
        const sample = samples.at(-2) ?? samples.at(-1);
        if (!json && sample !== undefined) status.print(`  sample: ${printable(JSON.stringify(sample.prompt + sample.text)).slice(0, 300)}`);
      },
    });
    status.end();
    try {
      return await conclude({ io, json, folder, shown, record, opened, run, report: shownPath(paths.report, io.cwd) });
    } finally {
      disposeTree(run.params);
      disposeTree(run.state.optimizer);
    }
  } finally {
    status.end();
    await lock.release();
  }
}

/** Opens a run on its device, or on the one that was asked for. */
async function goOn(folder: string, existing: RunRecord, { choice, say }: { choice: DeviceChoice | undefined; say: (text: string) => void }): Promise<CreatedRun> {
  const { device, record, note } = await resumeDevice(folder, existing, choice);
  for (const text of [...device.notes, ...(note === undefined ? [] : [note])]) say(`Note: ${text}`);
  const { batch, length, checkpointed, accumulate } = record.settings.training;
  checkMemory(createModel(record.settings.model), { batch, length, checkpointed, accumulate }, memoryLimits(device));
  return openRun(folder, record);
}

async function conclude({ io, json, folder, shown, record, opened, run, report }: {
  io: Io; json: boolean; folder: string; shown: string; record: RunRecord; opened: CreatedRun; run: TrainedRun; report: string;
}): Promise<number> {
  if (!run.finished) {
    await writeReport(folder, record, run.lines);
    const text = `Stopped and saved at step ${run.state.step} of ${record.settings.training.steps}. Go on with: ${invocation(io, `pretrain --resume --name ${record.name}${dirname(folder) === resolve(io.cwd, 'runs') ? '' : ` --runs ${shownPath(dirname(folder), io.cwd)}`}`)}`;
    if (json) io.out(`${JSON.stringify({ type: 'stopped', step: run.state.step, folder })}\n`);
    else io.err(`${text}\n`);
    return exitCodeOf(io.stop.reason) ?? EXIT.failure;
  }
  const finished = await finishRun({ folder, record, tokenizer: opened.tokenizer, run });
  if (json) io.out(`${JSON.stringify({ type: 'result', folder, ...finished.result })}\n`);
  else {
    io.out(`\n${summary(finished)}\n`);
    for (const { prompt, text } of run.lines.at(-1)?.samples ?? []) io.out(`\n--- ${printable(JSON.stringify(prompt))}\n${printable(prompt + text)}\n`);
    io.out(`\nSaved ${shown} (a Hugging Face folder; read back, its logits differ by ${digits(finished.result!.reloadMaxDifference)}).\nReport: ${report}\n\n${nextCommands(io, shown)}\n`);
  }
  return EXIT.ok;
}

/** What a run came to, in a few lines. */
export function summary({ result, settings, data }: RunRecord): string {
  const { initialLoss, evaluation, compressions, steps, tokens, seconds, tokensPerSecond, parameters } = result!;
  return [
    `Trained ${short(parameters)} parameters for ${count(steps)} steps on ${short(tokens)} tokens in ${duration(seconds)} (${count(tokensPerSecond)} tokens a second, rows of ${settings.training.length}).`,
    `Held-out loss ${initialLoss.toFixed(3)} → ${evaluation.loss.toFixed(3)} nats per token (${(100 * evaluation.loss / initialLoss).toFixed(0)} % of the first), perplexity ${digits(evaluation.perplexity)}.`,
    `Bits per byte on ${bytes(data.validationBytes)} of held-out text: ${[`this model ${evaluation.bitsPerByte.toFixed(3)}`, ...compressions.map(({ name, bitsPerByte }) => `${name} ${bitsPerByte.toFixed(3)}`)].join(', ')}.`,
  ].join('\n');
}

/** A command as this user would type it. */
export function invocation(io: Io, rest: string): string {
  return io.env.npm_lifecycle_event === 'start' || io.env.npm_lifecycle_event === 'llm' ? `npm run llm -- ${rest}` : `llm ${rest}`;
}

/** What to do with a finished model. */
export function nextCommands(io: Io, shown: string): string {
  return ['Next:', ...[
    `generate ${shown} --prompt "# Install" --max-tokens 100`,
    `chat ${shown}`,
    `eval ${shown} --data README.md`,
    `inspect ${shown}`,
  ].map((rest) => `  ${invocation(io, rest)}`)].join('\n');
}
