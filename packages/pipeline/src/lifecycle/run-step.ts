import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CliError, EXIT } from '../cli/cli-error.ts';
import type { Io } from '../cli/io.ts';
import { endsWhenStopped } from '../cli/run-cli.ts';
import { shownPath } from '../cli/shown-path.ts';
import { environment } from '../run/environment.ts';
import { replaceText } from '../run/replace-text.ts';
import { stepFlops } from '../cost/step-flops.ts';
import { argsOf, type StepOutput } from './command-line.ts';
import { hashOf, hashResult } from './content-hash.ts';
import { type Measured, recordedFigures, resultOf, type StepFigures, wasBegun } from './figures.ts';
import type { Flags } from './recipe-shape.ts';
import { ELSEWHERE, type ReadyStep } from './ready-step.ts';
import { readStep, type StepRecord, writeStep } from './step-record.ts';
import { figuresOf } from './task-figures.ts';
import { weightBytes } from './weight-bytes.ts';

export interface RunStepOptions {
  readonly io: Io;
  readonly root: string;
  readonly json: boolean;
  /** Do it again, whatever there is. */
  readonly again: boolean;
  /** Take a run that is there without a record as that of the step. */
  readonly adopts: boolean;
  readonly say: (text: string) => void;
}

/** What a module that is a step is called with; it returns figures, or nothing. */
export interface ModuleContext {
  readonly flags: Flags;
  /** Where its result goes; it is there, and empty. */
  readonly folder: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** A step that was done, now or before; or the exit code that a command ended with instead. */
export type StepEnd = { readonly record: StepRecord; readonly kept: boolean } | { readonly code: number };

/** What a command without a run of its own found. */
const RESULT_FILE = 'result.json';

/** Does a step, goes on with it where it was stopped, or keeps it as it is where nothing that decides it has changed. */
export async function runStep(step: ReadyStep, { io, root, json, again, adopts, say }: RunStepOptions): Promise<StepEnd> {
  const { place, folderName, hash, output, command } = step;
  const there = await readStep(root, folderName);
  const same = there?.hash === hash && !again;
  if (same && there.state === 'done') {
    const missing = await changedOutput(output.folder, there);
    if (missing === undefined) return { record: there, kept: true };
    say(`${place}: done again, since ${missing} is not what the step left.`);
  } else if (there !== undefined && !same) say(`${place}: done again, since ${again ? 'that was asked for' : `${whatChanged(there, step)} changed`}.`);
  const resumes = output.isRun && (there === undefined ? adopts && !again : same && there.state === 'running') && await wasBegun(output.folder);
  const record: StepRecord = resumes && there !== undefined ? there : {
    formatVersion: 1, step: step.id, place, run: step.run, flags: step.flags, hash, inputs: step.inputs, state: 'running', startedAt: new Date().toISOString(), environment: { ...environment() }, command: step.typed,
  };
  if (!resumes) await makeRoom(output, { place, ours: there !== undefined || adopts });
  if (record !== there) {
    await mkdir(root, { recursive: true });
    await writeStep(root, folderName, record);
  }
  const started = performance.now();
  const found = command === undefined ? { measured: await runModule(step, { io, say }) } : await runCommand(step, { io, json, resumes });
  if ('code' in found) return found;
  const seconds = found.measured.figures.seconds ?? (performance.now() - started) / 1000;
  const outputs = await hashResult(output.folder);
  const flops = await stepFlops(output.folder);
  const done: StepRecord = {
    ...record, state: 'done',
    result: { finishedAt: new Date().toISOString(), seconds, ...found.measured, outputs, sha256: hashOf({ outputs, figures: lasting(found.measured.figures) }), bytes: await weightBytes(output.folder), ...(flops === undefined ? {} : { flops }) },
  };
  await writeStep(root, folderName, done);
  return { record: done, kept: false };
}

async function runCommand({ command, argv, flags, output, place }: ReadyStep, { io, json, resumes }: { io: Io; json: boolean; resumes: boolean }): Promise<{ measured: Measured } | { code: number }> {
  const args = argsOf(command!);
  // A run tells people how it goes and keeps its figures; what anything else found is only in what it prints.
  const machine = json || !output.isRun;
  const lines: unknown[] = [];
  let partial = '';
  const take = (text: string): void => {
    const parts = (partial + text).split('\n');
    partial = parts.pop()!;
    for (const part of parts) {
      const line = parsed(part);
      if (line === undefined) continue;
      lines.push(line);
      if (json) io.out(`${JSON.stringify({ ...line, in: place })}\n`);
    }
  };
  const where = Object.entries(flags).filter(([key]) => key === 'name' || key === 'runs').map(([key, value]) => `--${key}=${String(value)}`);
  // A run without such a flag goes on by itself.
  const begin = resumes ? ('resume' in args ? ['--resume', ...where] : argv) : ['fresh' in args ? '--fresh' : [], argv].flat();
  const words = machine ? ['--json', ...begin] : begin;
  const code = await endsWhenStopped(command!, words, machine ? { ...io, out: take } : io);
  if (code !== EXIT.ok) return { code };
  const result = resultOf(lines);
  if (!output.isRun && Object.keys(result).length > 0 && existsSync(output.folder)) await replaceText(join(output.folder, RESULT_FILE), `${JSON.stringify(result, fromHere(io.cwd), 2)}\n`);
  const measured = (output.isRun ? await recordedFigures(output.folder) : undefined) ?? figuresOf(result);
  return { measured };
}

/** Paths as they are typed: where the folder lies on this machine is no part of a result. */
const fromHere = (cwd: string) => (_key: string, value: unknown): unknown => (typeof value === 'string' && value.startsWith(cwd) ? shownPath(value, cwd) : value);

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? line as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

async function runModule({ run, flags, output }: ReadyStep, { io, say }: { io: Io; say: (text: string) => void }): Promise<Measured> {
  const path = resolve(io.cwd, run);
  const loaded = await import(pathToFileURL(path).href).catch((cause: unknown) => { throw new CliError('E_MODULE', `llm run: expected a module at ${run} but it could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause }); }) as { default?: unknown };
  if (typeof loaded.default !== 'function') throw new CliError('E_MODULE', `llm run: expected ${run} to export a function as its default but found ${typeof loaded.default}. Write: export default async ({ flags, folder }) => ({ figure: 1 })`);
  const context: ModuleContext = { flags, folder: output.folder, cwd: io.cwd, signal: io.stop, say };
  const found = await (loaded.default as (context: ModuleContext) => unknown)(context);
  return figuresOf((typeof found === 'object' && found !== null ? found : {}) as Record<string, unknown>);
}

/** Makes room for the result of a step; what is in the way must be a step's own. A run clears its folder itself. */
async function makeRoom({ folder, isRun }: StepOutput, { place, ours }: { place: string; ours: boolean }): Promise<void> {
  if (!ours && (isRun ? await wasBegun(folder) : existsSync(folder))) throw new CliError('E_OUTPUT', `llm run: expected nothing in the way of the result of ${place} but found ${folder}. Move it, or use another --name.`);
  if (isRun) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}

/** Figures of what was made, without those of how long it took: the same result has others. */
function lasting(figures: StepFigures): StepFigures {
  return Object.fromEntries(Object.entries(figures).filter(([name]) => !/seconds|per_second|speed|latency|milliseconds|_ms$/.test(name)));
}

/** What was added since, such as a model card, is nobody's business. */
async function changedOutput(folder: string, { result }: StepRecord): Promise<string | undefined> {
  const now = await hashResult(folder);
  const then = result?.outputs ?? {};
  return Object.keys(then).find((name) => now[name] !== then[name]);
}

/** Why a step is not what it was: the command, flags by name, or what they name. */
function whatChanged({ run, flags, inputs }: StepRecord, step: ReadyStep): string {
  if (run !== step.run) return 'the command';
  const names = [...new Set([...Object.keys(flags), ...Object.keys(step.flags)])].filter((key) => !ELSEWHERE.has(key) && JSON.stringify(flags[key]) !== JSON.stringify(step.flags[key]));
  const contents = step.inputs.filter(({ flag, path, sha256 }) => !names.includes(flag) && inputs.some((was) => was.flag === flag && was.path === path && was.sha256 !== sha256)).map(({ path }) => path);
  return [...names, ...contents].join(', ') || 'what it is made from';
}
