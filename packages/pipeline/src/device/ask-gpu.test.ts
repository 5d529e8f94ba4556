import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CARD, RATES } from '../fixtures/gpu-answers.ts';
import { askGpu } from './ask-gpu.ts';

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'llm-ask-')); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Asks a program that stands for the driver. */
function ask(source: string, options: Parameters<typeof askGpu>[0] = {}): ReturnType<typeof askGpu> {
  const program = join(folder, `program-${source.length}.mjs`);
  writeFileSync(program, source);
  return askGpu({ program, ...options });
}
const says = (line: object): string => `console.log(${JSON.stringify(JSON.stringify(line))});`;

test('what the process tells of the card comes back', async () => {
  expect(await ask(says({ facts: CARD }))).toEqual({ facts: CARD, rates: undefined });
  expect(await ask(`${says({ facts: CARD })} if (process.argv[2] === 'measure') ${says({ rates: RATES })}`, { measure: true })).toEqual({ facts: CARD, rates: RATES });
});

test('noise between the lines is no harm', async () => {
  expect((await ask(`console.log('libEGL warning {'); ${says({ facts: CARD })} console.error('Warning: deprecated');`)).facts).toEqual(CARD);
});

test('a driver that hangs is killed, busy or not', async () => {
  for (const source of ['for (;;);', 'setInterval(() => {}, 1000);']) {
    const started = performance.now();
    const { facts, fault } = await ask(source, { timeoutSeconds: 1 });
    expect(facts).toBeUndefined();
    expect(fault).toMatchObject({ kind: 'broken', found: 'a graphics driver that did not answer within 1 seconds' });
    expect(performance.now() - started).toBeLessThan(20_000);
  }
});

test('a driver that crashes takes nothing with it, and what was told before stays known', async () => {
  const crash = 'process.kill(process.pid, \'SIGSEGV\'); setInterval(() => {}, 1000);';
  expect(await ask(crash)).toMatchObject({ fault: { kind: 'broken', found: expect.stringContaining('a graphics driver that ended the process (SIGSEGV)') as string } });
  expect(await ask(`process.stdout.write(${JSON.stringify(`${JSON.stringify({ facts: CARD })}\n`)}, () => { ${crash} });`)).toMatchObject({ facts: CARD, fault: { kind: 'broken' } });
});

test('a failure that it tells, a program that is not there, and a measurement that is missing are faults', async () => {
  expect(await ask(says({ error: { code: 'E_NO_GPU', message: 'findAdapter: expected a graphics adapter but found none.' } }))).toMatchObject({ fault: { kind: 'missing' } });
  expect(await askGpu({ program: join(folder, 'nothing.mjs') })).toMatchObject({ fault: { kind: 'broken' } });
  expect(await ask(says({ facts: CARD }), { measure: true })).toMatchObject({ facts: CARD, fault: { kind: 'broken' } });
});
