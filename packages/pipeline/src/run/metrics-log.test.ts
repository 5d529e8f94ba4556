import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appender } from './appender.ts';
import { finite, type MetricsLine, openMetrics, readMetrics } from './metrics-log.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'llm-metrics-')); });
afterEach(() => rmSync(folder, { recursive: true }));

const line = (step: number): MetricsLine => ({ step, time: step, loss: 1 / (step + 1), lr: 1e-3, grad_norm: 1, tokens: step, seconds: 0.1, tokens_per_second: 10 });

test('keeps the steps before the one to go on with, each once, and appends the others', () => {
  const path = join(folder, 'metrics.jsonl');
  writeFileSync(path, `${[0, 1, 2, 2, 3].map((step) => JSON.stringify(line(step))).join('\n')}\n{"step":4,"ti`);
  const log = openMetrics(path, { from: 3 });
  expect(log.kept.map(({ step }) => step)).toEqual([0, 1, 2]);
  log.write(line(3));
  log.write(line(4));
  log.close();
  expect(readMetrics(path)).toEqual([0, 1, 2, 3, 4].map(line));
  expect(readMetrics(join(folder, 'none'))).toEqual([]);
  expect([finite(1.5), finite(Number.NaN), finite(Infinity)]).toEqual([1.5, null, null]);
});

test('what a full disk refuses is written later, in order and whole', () => {
  const path = join(folder, 'file');
  let room = 7;
  const file = appender(path, {
    fs: {
      write: (handle, bytes, position) => {
        if (room === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        const part = bytes.subarray(0, Math.min(room, 3));
        room -= part.length;
        pieces.push([position, new TextDecoder().decode(part)]);
        return part.length;
      },
    },
  });
  const pieces: [number, string][] = [];
  file.write('abcd');
  file.write('efgh');
  expect(file.problem).toBe('ENOSPC');
  file.write('ij');
  room = 100;
  file.write('k');
  expect(file.problem).toBeUndefined();
  const text: string[] = [];
  for (const [position, piece] of pieces) [...piece].forEach((letter, i) => { text[position + i] = letter; });
  expect(text.join('')).toBe('abcdefghijk');
  file.close();
  file.close();
});

test('a file that could not be finished ends with a whole piece', () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'kept\nold');
  const file = appender(path, { from: 5 });
  file.write('new\n');
  file.close();
  expect(readFileSync(path, 'utf8')).toBe('kept\nnew\n');
});
