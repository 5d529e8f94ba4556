import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Stopped } from '../cli/stopped.ts';
import { memoryIo, writeTinyText } from '../fixtures/tiny-run.ts';
import { readRun } from '../run/run-record.ts';
import { quickstartCommand } from './quickstart.ts';

let folder: string;
const quickstart = quickstartCommand([]);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llm-quick-'));
  writeTinyText(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ARGS = ['--data', 'text', '--filters', 'none', '--minutes', '0.02', '--name', 'q'];

/** Starts a run and stops it after its first step. */
async function interrupted(): Promise<void> {
  const controller = new AbortController();
  const io = memoryIo(folder, { stop: controller.signal });
  const code = await quickstart.run([...ARGS, '--json'], { ...io, out: (text) => { if (text.includes('"type":"step"')) controller.abort(new Stopped('SIGTERM')); } });
  expect(code).toBe(143);
}

test.each([[['y'], 'Resuming at step'], [[''], 'Resuming at step'], [['n'], 'Read 3 documents']])('somebody who can answer is asked about an unfinished run: %j', async (lines, shown) => {
  await interrupted();
  const { createdAt } = (await readRun(join(folder, 'runs/q')))!;
  const io = memoryIo(folder, { isInteractive: true, lines });
  expect(await quickstart.run(ARGS, io)).toBe(0);
  expect(io.written.err).toContain('not finished');
  expect(io.written.err).toContain('Resume it? [Y/n]');
  expect(io.written.err).toContain(shown);
  expect((await readRun(join(folder, 'runs/q')))!.createdAt === createdAt).toBe(lines[0] !== 'n');
});

test('a script is not asked: an unfinished run goes on, a finished one says what to do next', async () => {
  await interrupted();
  const io = memoryIo(folder);
  expect(await quickstart.run(ARGS, io)).toBe(0);
  expect(io.written.err).not.toContain('[Y/n]');
  expect(io.written.err).toContain('Resuming at step');
  const again = memoryIo(folder, { env: { npm_lifecycle_event: 'start' } });
  expect(await quickstart.run(ARGS, again)).toBe(0);
  expect(again.written.out).toContain('holds a finished run');
  expect(again.written.out).toContain('npm run llm -- chat runs/q');
  expect(again.written.out).toContain('--fresh');
});
