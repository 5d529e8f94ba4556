import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { withStageLock } from './stage-lock.ts';

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'lock-')); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('one of many does the work, the others wait until it is done', async () => {
  const path = join(folder, 'locks', 'one');
  let [times, done, inside] = [0, false, 0];
  await Promise.all(Array.from({ length: 8 }, () => withStageLock(path, async () => {
    expect(++inside).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    times++;
    inside--;
    done = true;
  }, { signal: undefined, beatMs: 20, isDone: async () => done })));
  expect(times).toBe(1);
  expect(readdirSync(join(folder, 'locks'))).toEqual([]);
});

test('a lock whose owner was killed is taken over, and an owner who lives says so again and again', async () => {
  const path = join(folder, 'two');
  writeFileSync(path, '{"owner":"somebody who is gone","beat":7}');
  let done = false;
  await withStageLock(path, async () => {
    expect(readFileSync(path, 'utf8')).not.toContain('somebody');
    const second = withStageLock(path, async () => { throw new Error('expected the first to do it'); }, { signal: undefined, beatMs: 20, isDone: async () => done });
    await vi.waitUntil(() => Number(/"beat":(\d+)/.exec(readFileSync(path, 'utf8'))?.[1]) > 3, { timeout: 60_000 });
    done = true;
    await second;
  }, { signal: undefined, beatMs: 20, staleMs: 100, isDone: async () => done });
  expect(done).toBe(true);
});

test('it is given up after a failure, and a wait can be ended', async () => {
  mkdirSync(join(folder, 'locks'), { recursive: true });
  const path = join(folder, 'locks', 'three');
  await expect(withStageLock(path, async () => { throw new Error('no'); }, { signal: undefined, isDone: async () => false })).rejects.toThrow('no');
  expect(readdirSync(join(folder, 'locks'))).toEqual([]);
  writeFileSync(path, 'held');
  const controller = new AbortController();
  const waiting = withStageLock(path, async () => {}, { signal: controller.signal, isDone: async () => false });
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
