import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { GpuLine } from './gpu-child.ts';
import { type ChildEnd, faultOf, type GpuFault } from './gpu-fault.ts';
import type { GpuFacts } from './gpu-facts.ts';
import type { Rates } from './measure-rates.ts';

/** What is known of the graphics card. */
export interface GpuAnswer {
  /** Absent where there is none. */
  readonly facts?: GpuFacts | undefined;
  readonly rates?: Rates | undefined;
  /** Why there is none, or why it could not be measured. */
  readonly fault?: GpuFault | undefined;
}

export interface AskGpuOptions {
  /** Measure its rates too, which takes some seconds. */
  readonly measure?: boolean;
  /** What does not answer within this many seconds is killed; default 20, with measuring 90. */
  readonly timeoutSeconds?: number;
  /** The module that asks; default ours. */
  readonly program?: string;
}

// As built, wherever this file is: Node does not run the sources.
const PROGRAM = fileURLToPath(new URL('../../dist/device/gpu-child.js', import.meta.url));

/** Asks for the graphics card in a process of its own, so that neither a hanging nor a crashing driver does harm. */
export async function askGpu({ measure = false, timeoutSeconds = measure ? 90 : 20, program = PROGRAM }: AskGpuOptions = {}): Promise<GpuAnswer> {
  const child = spawn(process.execPath, [program, ...(measure ? ['measure'] : [])], { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  let [out, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
  // Whoever ends this process while it waits must not leave a hanging one behind.
  const kill = (): void => { child.kill('SIGKILL'); };
  process.once('exit', kill);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, 1000 * timeoutSeconds);
  const end = await new Promise<Pick<ChildEnd, 'code' | 'signal' | 'error'>>((resolve) => {
    child.on('error', ({ message }) => resolve({ code: null, signal: null, error: { message } }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(timer);
  process.off('exit', kill);
  const found: { facts?: GpuFacts; rates?: Rates; error?: ChildEnd['error'] } = {};
  for (const line of out.split('\n')) if (line.startsWith('{') && line.endsWith('}')) Object.assign(found, JSON.parse(line) as GpuLine);
  const { facts, rates, error = end.error } = found;
  const complete = error === undefined && !timedOut && end.code === 0 && facts !== undefined && (!measure || rates !== undefined);
  if (complete) return { facts, rates };
  return { facts, rates, fault: faultOf({ ...end, ...(error === undefined ? {} : { error }), stderr, opened: facts !== undefined, ...(timedOut ? { timedOutSeconds: timeoutSeconds } : {}) }) };
}
