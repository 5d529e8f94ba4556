import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockRun } from './lock-run.ts';

let run: string;
let path: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(run, 'run.lock');
});
afterEach(() => rm(run, { recursive: true, force: true }));

const write = (owner: unknown): Promise<void> => writeFile(path, typeof owner === 'string' ? owner : JSON.stringify(owner));

test('a lock names process, machine and time, and is gone when released', async () => {
  const lock = await lockRun(run);
  expect(lock.note).toBeUndefined();
  const owner = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  expect(owner).toMatchObject({ pid: process.pid, host: hostname() });
  expect(Date.parse(owner['startedAt'] as string)).toBeGreaterThan(0);
  expect(await readdir(run)).toEqual(['run.lock']);
  await lock.release();
  await lock.release();
  expect(await readdir(run)).toEqual([]);
  await (await lockRun(run)).release();
});

test('a second lock in the same process is refused', async () => {
  const lock = await lockRun(run);
  await expect(lockRun(run)).rejects.toMatchObject({ code: 'E_LOCKED', message: expect.stringMatching(/this process itself at work on it. Release the first lock/) as string });
  await lock.release();
});

test('a living process is respected and named', async () => {
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
  try {
    await write({ pid: other.pid, host: hostname(), startedAt: '2026-01-02T03:04:05.000Z' });
    await expect(lockRun(run)).rejects.toMatchObject({ code: 'E_LOCKED', message: expect.stringMatching(new RegExp(`process ${other.pid} on .* since 2026-01-02T03:04:05.000Z. Wait for it, use another folder, or delete .*run.lock`)) as string });
  } finally {
    other.kill();
  }
});

test('the lock of a dead process of this machine is taken over, with a note', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  await write({ pid: dead, host: hostname(), startedAt: '' });
  const lock = await lockRun(run);
  expect(lock.note).toMatch(new RegExp(`took over .* from process ${dead}, which ended without releasing it`));
  await lock.release();
  expect(await readdir(run)).toEqual([]);
});

test.runIf(process.platform === 'linux')('a process id that was given to another process since does not count as alive', async () => {
  await write({ pid: process.ppid, host: hostname(), startedAt: '', processStart: '1' });
  const lock = await lockRun(run);
  expect(lock.note).toMatch(/took over/);
  await lock.release();
});

test('another machine is respected, dead process or not', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  await write({ pid: dead, host: 'elsewhere', startedAt: 'yesterday' });
  await expect(lockRun(run)).rejects.toMatchObject({ code: 'E_LOCKED', message: expect.stringMatching(/on elsewhere/) as string });
});

test.each(['', '{', 'null', '[]', '{"pid":"1"}', '{"pid":-1,"host":"x"}'])('an unreadable lock %j is respected, with the remedy', async (text) => {
  await write(text);
  await expect(lockRun(run)).rejects.toMatchObject({ code: 'E_LOCKED', message: expect.stringMatching(/Delete the file if no run uses this folder/) as string });
});

test('a lock that somebody else took meanwhile is not released', async () => {
  const lock = await lockRun(run);
  await write({ pid: 1, host: 'elsewhere', startedAt: '' });
  await lock.release();
  expect(await readdir(run)).toEqual(['run.lock']);
});
