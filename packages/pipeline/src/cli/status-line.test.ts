import { expect, test } from 'vitest';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { bytes, count, digits, duration, short, table } from './format.ts';
import { statusLine, statusText, type StatusStep } from './status-line.ts';

const step = (n: number): StatusStep => ({ step: n, steps: 100, loss: 5, lr: 1e-3, gradNorm: 0.5, progress: { tokensPerSecond: 4321, flopsPerSecond: 6.1e10, mfu: 0.58, peakBytes: 2 ** 28, etaSeconds: 70 } });

test('one line says it all, the same under every locale', () => {
  expect(statusText(step(12))).toBe('step 12/100 · loss 5.000 · lr 1.0e-3 · grad 0.500 · 4.32 k tok/s · 61.0 GFLOP/s · MFU 58 % · 256 MiB · 1m10s left');
});

test('on a terminal the line is redrawn and cut to the width, elsewhere it is printed now and then, and never when quiet', () => {
  let clock = 0;
  const now = (): number => clock;
  const [terminal, pipe, quiet] = [memoryIo('/', { isTTY: true }), memoryIo('/'), memoryIo('/')];
  const lines = [statusLine(terminal, { now }), statusLine(pipe, { now }), statusLine(quiet, { now, quiet: true })];
  for (let i = 1; i <= 100; i++) {
    clock += 250;
    for (const line of lines) line.update(step(i));
  }
  for (const line of lines) {
    line.print('a notice');
    line.end();
  }
  // 100 steps of 250 ms: drawn each time, printed at 0, 10 and 20 s and at the end.
  expect(terminal.written.err.split('\r\u001b[K')).toHaveLength(101);
  expect(Math.max(...terminal.written.err.split('\r\u001b[K').map((text) => [...text.split('\n')[0]!].length))).toBe(79);
  expect(pipe.written.err.trim().split('\n').map((text) => text.split(' · ')[0])).toEqual(['step 1/100', 'step 41/100', 'step 81/100', 'step 100/100', 'a notice']);
  expect(quiet.written).toEqual({ out: '', err: '' });
});

test('numbers for people', () => {
  expect([count(1234567), count(12), short(2_510_000), short(12), bytes(1536), bytes(12), duration(75), duration(3.2), duration(7290), duration(Number.NaN)]).toEqual(['1,234,567', '12', '2.51 M', '12', '1.50 KiB', '12 B', '1m15s', '3.2s', '2h01m', '?']);
  expect([digits(0), digits(0.00123), digits(0.5), digits(1.234), digits(12.34), digits(123.4), digits(Number.NaN)]).toEqual(['0', '1.2e-3', '0.500', '1.23', '12.3', '123', 'NaN']);
  expect(table(['a', 'n'], [['x', '1'], ['yy', '22']])).toBe('a    n\nx    1\nyy  22');
});
