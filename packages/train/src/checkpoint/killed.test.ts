import { build } from 'esbuild';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freeBytes } from './free-bytes.ts';
import { latestCheckpoint, loadCheckpoint } from './load-checkpoint.ts';
import { saveCheckpoint } from './save-checkpoint.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'killed-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const WEIGHTS_BYTES = 300_000;

/** Saves a checkpoint after another, for ever; the step fills the weights, and is printed once it is saved. */
const PROGRAM = `
import { lockRun } from './lock-run.ts';
import { latestCheckpoint } from './load-checkpoint.ts';
import { saveCheckpoint } from './save-checkpoint.ts';
const run = process.argv[2];
await lockRun(run);
let step = (await latestCheckpoint(run))?.step ?? 0;
for (;;) {
  step++;
  const files = { 'w.bin': new Uint8Array(${WEIGHTS_BYTES}).fill(step), 'state/o.bin': new Uint8Array(1000).fill(step + 1) };
  await saveCheckpoint(run, { step, files, meta: { step } });
  process.stdout.write(step + '\\n');
}
`;

/** Runs the program until `milliseconds` after its first checkpoint, then kills it as nothing can be killed harder. */
async function killedRun(program: string, run: string, milliseconds: number): Promise<{ lastSaved: number; errors: string }> {
  const child = spawn(process.execPath, [program, run], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString(); });
  child.stdout.on('data', (chunk: Buffer) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), milliseconds);
    output += chunk.toString();
  });
  await new Promise((resolve) => { child.on('close', resolve); });
  return { lastSaved: Number(output.trim().split('\n').at(-1)), errors };
}

test.skipIf(process.platform === 'win32')('a run killed at ten moments always goes on from its last whole checkpoint', async () => {
  const program = join(folder, 'program.mjs');
  await build({
    stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error',
  });
  const run = join(folder, 'run');
  let leftovers = 0;
  for (let round = 0; round < 10; round++) {
    const { lastSaved, errors } = await killedRun(program, run, createHash('sha256').update(`${round}`).digest()[0]! / 5);
    expect(errors).toBe('');
    const latest = (await latestCheckpoint(run))!;
    // The kill may have come between the save and its line of output.
    expect(latest.step).toBeGreaterThanOrEqual(lastSaved);
    expect(latest.step).toBeLessThanOrEqual(lastSaved + 1);
    const { files } = await loadCheckpoint(latest.path);
    expect(files.get('w.bin')!.every((byte) => byte === latest.step % 256)).toBe(true);
    expect(files.get('state/o.bin')!.every((byte) => byte === (latest.step + 1) % 256)).toBe(true);
    leftovers += (await readdir(run)).filter((name) => name.includes('.tmp-') || name.includes('.removed-')).length;
  }
  await saveCheckpoint(run, { step: 1e6, files: {} });
  expect((await readdir(run)).filter((name) => name.includes('.tmp-') || name.includes('.removed-'))).toEqual([]);
  console.info(`killed.test: 10 kills left ${leftovers} half-written folders, all passed over and swept`);
});

function mounted(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('a disk that is really full keeps the old checkpoint and no temporary', async ({ skip }) => {
  const disk = join(folder, 'disk');
  await mkdir(disk);
  skip(!mounted(disk), 'mounting a small tmpfs needs root on Linux; the simulated disk in faults.test.ts covers the case');
  onTestFinished(() => { execFileSync('umount', [disk]); });

  const weights = (step: number): Record<string, Uint8Array> => ({ 'w.bin': new Uint8Array(800_000).fill(step) });
  await saveCheckpoint(disk, { step: 1, files: weights(1) });
  await saveCheckpoint(disk, { step: 2, files: weights(2) });
  expect(await freeBytes(disk)).toBeLessThan(800_000);
  await expect(saveCheckpoint(disk, { step: 3, files: weights(3) })).rejects.toMatchObject({
    code: 'E_SAVE', cause: { code: 'ENOSPC' },
    message: expect.stringMatching(/found ENOSPC. Earlier checkpoints are untouched. Free some space: the next save tries again/) as string,
  });
  expect((await readdir(disk)).sort()).toEqual(['latest', 'step-1', 'step-2']);
  expect((await latestCheckpoint(disk))!.step).toBe(2);
  await rm(join(disk, 'step-1'), { recursive: true });
  await saveCheckpoint(disk, { step: 3, files: weights(3) });
  expect((await latestCheckpoint(disk))!.step).toBe(3);
});
