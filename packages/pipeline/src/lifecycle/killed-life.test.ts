import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { conversations, writeRecords } from '../fixtures/tiny-model.ts';
import { TINY_CONFIG, writeTinyText } from '../fixtures/tiny-run.ts';
import { hashResult } from './content-hash.ts';
import type { StepRecord } from './step-record.ts';

// The command as it is installed: built.
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const KILLS = 10;

let folder: string;
const children = new Set<ChildProcess>();
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'killed-life-')); });
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const STAGE = { 'eval-share': 0.2, 'max-length': 48, batch: 4, lr: 1e-3, 'save-every': 1, 'eval-every': 100 };
const RECIPE = {
  lifecycle: 'life',
  steps: {
    clean: { run: 'data', with: { paths: ['text'], filters: 'none' } },
    base: { run: 'pretrain', with: { data: ['${clean}'], filters: 'none', config: 'config.json', 'vocab-size': 300, steps: 16, batch: 2, length: 16, 'save-every': 2, 'eval-every': 100, 'sample-every': 100 } },
    sft: { run: 'sft', with: { ...STAGE, model: '${base}', data: ['talks.jsonl'], steps: 12, 'eval-answers': 2 }, gate: [{ metric: 'val/loss', below: 0 }], alternative: { lora: 2, steps: 10 } },
    eval: { run: 'eval', with: { run: '${base}', data: ['text'], length: 16 } },
  },
};

/** The same inputs in a folder of their own. */
function prepare(name: string): string {
  const cwd = mkdtempSync(join(folder, `${name}-`));
  writeTinyText(cwd);
  writeRecords(cwd, 'talks.jsonl', conversations);
  writeFileSync(join(cwd, 'config.json'), JSON.stringify({ ...TINY_CONFIG, max_position_embeddings: 192 }));
  writeFileSync(join(cwd, 'recipe.yaml'), JSON.stringify(RECIPE));
  return cwd;
}

interface Ended { readonly code: number | null; readonly signal: string | null; readonly lines: readonly string[]; readonly err: string }

/** Lives the recipe; `onLine` hears of each line that means progress, and may end the process. */
function live(cwd: string, onLine: (count: number, child: ChildProcess) => void = () => {}): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, 'run', 'recipe.yaml', '--device', 'wasm', '--json'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  onLine(0, child);
  let [out, err, seen, count] = ['', '', 0, 0];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (let end = out.indexOf('\n', seen); end >= 0; end = out.indexOf('\n', seen)) {
      if (/"type":"step"|"type":"done".*"kept":false/.test(out.slice(seen, end))) onLine(++count, child);
      seen = end + 1;
    }
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { err += text; });
  return new Promise((resolve) => child.on('close', (code, signal) => {
    children.delete(child);
    resolve({ code, signal, lines: out.trim().split('\n'), err });
  }));
}

/** Everything that a life left behind, by hash, and what its records say of it. */
async function leftBy(cwd: string): Promise<unknown> {
  const root = join(cwd, 'runs/life');
  const places = readdirSync(root).filter((name) => name.endsWith('.json') && name !== 'life.json').map((name) => name.slice(0, -5)).toSorted();
  return Object.fromEntries(await Promise.all(places.map(async (place) => {
    const { hash, state, result } = JSON.parse(readFileSync(join(root, `${place}.json`), 'utf8')) as StepRecord;
    const { seconds, tokens_per_second: speed, ...figures } = result?.figures ?? {};
    return [place, { hash, state, figures, sha256: result?.sha256, files: await hashResult(join(root, place)) }] as const;
  })));
}

test('killed at ten random moments and gone on with, a life ends with the same artefacts, hash for hash', async () => {
  const whole = prepare('whole');
  const { code, err } = await live(whole);
  // The gate of sft asks for what cannot be, so that the second try is part of the life, and its end.
  expect([code, err]).toEqual([3, '']);
  const expected = await leftBy(whole);
  expect(Object.keys(expected as object)).toEqual(['base', 'clean', 'sft', 'sft-try2']);

  const killed = prepare('killed');
  const moments: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    // While it starts and reads, or somewhere in the work.
    const after = Math.floor(Math.random() * 5);
    const wait = Math.random() * (after === 0 ? 2500 : 15);
    const { signal, lines } = await live(killed, (count, child) => { if (count === after) setTimeout(() => child.kill('SIGKILL'), wait); });
    moments.push(`${wait.toFixed(1)} ms after progress ${after}: ${lines.at(-1)!.slice(0, 80)}`);
    expect(signal, `it ended before it was killed ${KILLS} times:\n${moments.join('\n')}`).toBe('SIGKILL');
  }
  const end = await live(killed);
  expect([end.code, end.err]).toEqual([3, '']);
  expect(await leftBy(killed), moments.join('\n')).toEqual(expected);
}, 300_000);
