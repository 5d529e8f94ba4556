import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { askedDevices } from '@llm/kernels';
import { tinyText, TINY_CONFIG, writeTinyText } from './fixtures/tiny-run.ts';
import { readMetrics } from './run/metrics-log.ts';
import { readRun } from './run/run-record.ts';

// The command as it is installed: built.
const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

let folder: string;
/** A run that nothing disturbed. */
let whole: Ended;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llm-spawn-'));
  writeTinyText(folder);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(TINY_CONFIG));
  whole = await llm([...TRAIN, '--name', 'whole', '--json']);
}, 60_000);
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Ended { readonly code: number | null; readonly signal: string | null; readonly out: string; readonly err: string }

/** Runs the command; `onLine` sees each line of stdout and may end the process. */
function llm(args: readonly string[], onLine: (line: string, child: ChildProcess) => void = () => {}, extra: Record<string, string> = {}): Promise<Ended> {
  const { CI, ...env } = process.env;
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env: { ...env, ...extra }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let [out, err, seen] = ['', '', 0];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (let end = out.indexOf('\n', seen); end >= 0; end = out.indexOf('\n', seen)) {
      onLine(out.slice(seen, end), child);
      seen = end + 1;
    }
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { err += text; });
  return new Promise((resolve) => child.on('close', (code, signal) => {
    children.delete(child);
    resolve({ code, signal, out, err });
  }));
}

const TRAIN = ['pretrain', '--data', 'text', '--filters', 'none', '--config', 'config.json', '--vocab-size', '300', '--steps', '30', '--batch', '2', '--length', '16', '--save-every', '4', '--eval-every', '10', '--sample-every', '15'];
const stepOf = (line: string): number | undefined => {
  const found = JSON.parse(line) as { type: string; step?: number };
  return found.type === 'step' ? found.step : undefined;
};
const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const logOf = (run: string): object[] => readMetrics(join(folder, 'runs', run, 'metrics.jsonl')).map(({ time, seconds, tokens_per_second, ...rest }) => rest);
const wholeTime = (lines: readonly { readonly time: number }[]): boolean => lines.every(({ time }, i) => i === 0 || time >= lines[i - 1]!.time);

test('a run ends with a result line, and writes nothing else than JSON where JSON was asked for', () => {
  expect(whole).toMatchObject({ code: 0, err: '' });
  const lines = whole.out.trimEnd().split('\n').map((line) => JSON.parse(line) as { type: string });
  expect(lines.at(-1)).toMatchObject({ type: 'result', steps: 30, reloadMaxDifference: 0 });
  expect(lines.filter(({ type }) => type === 'step')).toHaveLength(30);
});

describe('a run that is killed', () => {
  test('at any moment ends, once resumed, with the bits and the log of one that was not', async () => {
    const killAt = async (args: string[], when: (line: string) => boolean, delayMs = 0): Promise<void> => {
      const { signal } = await llm([...args, '--name', 'killed', '--json'], (line, child) => {
        if (when(line)) setTimeout(() => child.kill('SIGKILL'), delayMs);
      });
      expect(signal).toBe('SIGKILL');
    };
    // While the text is read, before the first checkpoint, right after one, between two, and while one is written.
    await killAt(TRAIN, (line) => line.includes('"notice"'));
    await killAt([...TRAIN, '--fresh'], (line) => stepOf(line) === 1);
    const resume = ['pretrain', '--resume'];
    await killAt(resume, (line) => stepOf(line) === 5);
    await killAt(resume, (line) => stepOf(line) === 11, 2);
    await killAt(resume, (line) => stepOf(line) === 19, 7);
    const last = await llm([...resume, '--name', 'killed']);
    expect(last.code).toBe(0);
    expect(last.err).toMatch(/Resuming at step (16|20) of 30\./);
    expect(last.err).toContain('took over');
    expect(hashOf(join(folder, 'runs/killed/model.safetensors'))).toBe(hashOf(join(folder, 'runs/whole/model.safetensors')));
    for (const name of ['model.safetensors', 'optimizer.safetensors']) expect(hashOf(join(folder, 'runs/killed/step-30', name))).toBe(hashOf(join(folder, 'runs/whole/step-30', name)));
    expect(logOf('killed')).toEqual(logOf('whole'));
    expect(wholeTime(readMetrics(join(folder, 'runs/killed/metrics.jsonl')))).toBe(true);
  }, 120_000);

  test.each([['SIGINT', 130], ['SIGTERM', 143]] as const)('%s finishes the step, saves, says how to go on, and exits with %i', async (signal, code) => {
    let asked: number | undefined;
    const stopped = await llm([...TRAIN, '--name', signal, '--json'], (line, child) => {
      if (asked === undefined && stepOf(line) === 6) {
        asked = 6;
        child.kill(signal);
      }
    });
    expect(stopped.code).toBe(code);
    const { step } = JSON.parse(stopped.out.trimEnd().split('\n').at(-1)!) as { step: number };
    expect(step).toBeGreaterThanOrEqual(7);
    expect(existsSync(join(folder, `runs/${signal}/step-${step}/manifest.json`))).toBe(true);
    expect(existsSync(join(folder, `runs/${signal}/run.lock`))).toBe(false);
    expect(readFileSync(join(folder, `runs/${signal}/report.html`), 'utf8')).toContain('Not finished');
  }, 120_000);
});

test('two processes on one run: the second is refused, the first goes on', async () => {
  let second: Promise<Ended> | undefined;
  const first = await llm([...TRAIN, '--name', 'shared', '--steps', '400', '--json'], (line, child) => {
    if (stepOf(line) !== 1) return;
    second = llm(['pretrain', '--resume', '--name', 'shared']);
    void second.then(() => child.kill('SIGTERM'));
  });
  expect(await second).toMatchObject({ code: 1, err: expect.stringContaining('E_LOCKED') as string });
  expect(first.code).toBe(143);
}, 60_000);

test('quickstart on a few files: trains, saves, and says so when it is run again', async () => {
  writeFileSync(join(folder, 'notes.md'), tinyText(60, 5000));
  const first = await llm(['quickstart', '--data', 'text', 'notes.md', '--minutes', '0.05', '--filters', 'none']);
  expect(first.code).toBe(0);
  expect(first.out).toContain('Bits per byte on');
  expect(first.out).toContain('gzip -9');
  expect(first.out).toContain('Next:');
  const run = join(folder, 'runs/quickstart-text');
  const names = readdirSync(run);
  for (const name of ['run.json', 'config.json', 'model.safetensors', 'tokenizer.json', 'metrics.jsonl', 'report.html', 'tensorboard', 'data']) expect(names).toContain(name);

  const again = await llm(['quickstart', '--data', 'text', 'notes.md', '--filters', 'none']);
  expect(again.code).toBe(0);
  expect(again.out).toContain('holds a finished run');
  expect(again.out).toContain('--fresh');
  const other = await llm(['quickstart', '--data', 'notes.md', '--name', 'quickstart-text']);
  expect(other).toMatchObject({ code: 1, err: expect.stringContaining('E_RUN_EXISTS') as string });

  const generated = await llm(['generate', 'quickstart-text', '--prompt', 'The reader', '--max-tokens', '8', '--json', '--seed', '3']);
  expect(JSON.parse(generated.out)).toMatchObject({ prompt: 'The reader', tokens: 8, reason: 'length', seed: 3 });
  const scored = await llm(['eval', 'quickstart-text', '--data', 'notes.md', '--json']);
  expect(JSON.parse(scored.out)).toMatchObject({ documents: 1, bytes: readFileSync(join(folder, 'notes.md')).length });
  const inspected = await llm(['inspect', 'runs/quickstart-text']);
  expect(inspected.out).toContain('all finite');
  expect(inspected.out).toContain('BPE');
}, 120_000);

describe('devices', () => {
  test('are told by a process that ends by itself, and a driver\'s own words stay out of it', async () => {
    const { code, out, err } = await llm(['devices', '--json'], undefined, { LLM_DEVICE: '' });
    expect([code, err]).toEqual([0, '']);
    const { used, devices } = JSON.parse(out) as { used: string; devices: { name: string; used: boolean; why: string }[] };
    expect(devices.map(({ name }) => name)).toEqual(['webgpu', 'wasm', 'cpu']);
    expect(devices.find((each) => each.used)!.name).toBe(used);
    expect(devices.every(({ why }) => why.length > 10)).toBe(true);
  }, 60_000);

  test('one that is named is used and written down, and the run goes on with it', async () => {
    const { code } = await llm([...TRAIN, '--steps', '3', '--name', 'named', '--device', 'cpu'], undefined, { LLM_DEVICE: 'wasm' });
    expect(code).toBe(0);
    expect((await readRun(join(folder, 'runs/named')))!.device.name).toBe('cpu');
    expect((await llm(['generate', 'named', '--device', 'cpu', '--prompt', 'The', '--max-tokens', '2', '--json'])).code).toBe(0);
  }, 60_000);

  test.runIf(askedDevices().includes('webgpu'))('a run on a graphics card ends its process by itself, and so does a program', async () => {
    const trained = await llm([...TRAIN, '--steps', '3', '--name', 'card', '--device', 'webgpu', '--prompt', '', '--json']);
    expect([trained.code, trained.err]).toEqual([0, '']);
    expect(JSON.parse(trained.out.trimEnd().split('\n').at(-1)!)).toMatchObject({ type: 'result', steps: 3, reloadMaxDifference: 0 });
    expect((await readRun(join(folder, 'runs/card')))!.device.name).toBe('webgpu');

    const program = "const { mul, tensor, useDevice } = await import('@llm/tensor'); await useDevice('webgpu'); console.log((await mul(tensor([3]), 2).data())[0]);";
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: fileURLToPath(new URL('../', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] });
    children.add(child);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
    expect(await new Promise((resolve) => { child.on('close', (code) => resolve(code)); })).toBe(0);
    expect(out).toBe('6\n');
  }, 600_000);
});
