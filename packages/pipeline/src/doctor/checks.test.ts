import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CARD, CRASHED, IMITATION, NO_GPU, RATES } from '../fixtures/gpu-answers.ts';
import { type Check, checkDisk, checkEngine, checkFreeDisk, checkFreeMemory, checkGpu, checkThreads } from './checks.ts';

const wide = (check: Check): unknown[] => [check.state, check.blocks ?? false, check.remedy !== undefined];

test('a card is well, an imitation a note, nothing a note, a card without a driver and a broken driver a problem; none of them blocks', () => {
  expect(checkGpu({ facts: CARD, rates: RATES })).toEqual({ name: 'graphics card', state: 'ok', found: 'maker first Card.' });
  expect(wide(checkGpu({ facts: IMITATION }))).toEqual(['note', false, true]);
  expect(checkGpu({ facts: CARD, rates: { ...RATES, matmulF16Flops: null } })).toMatchObject({ state: 'note', found: expect.stringContaining('It offers half precision and multiplies wrongly with it') as string });
  expect(checkGpu(NO_GPU, undefined)).toMatchObject({ state: 'note', found: 'Found no package webgpu, which brings WebGPU to Node.', remedy: NO_GPU.fault!.remedy });
  expect(checkGpu(NO_GPU, 'NVIDIA\'s kernel driver is loaded')).toMatchObject({ state: 'problem', found: expect.stringContaining('though NVIDIA') as string });
  expect(wide(checkGpu(CRASHED, undefined))).toEqual(['problem', false, true]);
  expect(checkGpu({ facts: CARD, ...CRASHED }, 'Linux shows one')).toMatchObject({ state: 'problem', found: 'Found a graphics driver that ended the process (SIGSEGV).' });
});

test('an older Node is slower: a note with the way to a newer one; without SIMD a problem', () => {
  expect(wide(checkEngine({ node: '24.1.0', simd: true, relaxed: true }))).toEqual(['ok', false, false]);
  expect(checkEngine({ node: '22.9.0', simd: true, relaxed: true })).toMatchObject({ state: 'note', found: expect.stringContaining('does not fuse') as string, remedy: expect.stringContaining('node@24') as string });
  expect(checkEngine({ node: '20.19.0', simd: true, relaxed: false })).toMatchObject({ state: 'note', found: expect.stringContaining('no relaxed SIMD') as string });
  expect(wide(checkEngine({ node: '20.19.0', simd: false, relaxed: false }))).toEqual(['problem', false, true]);
  expect(checkEngine().found).toContain(`Node ${process.versions.node}`);
});

test('threads', () => {
  expect(checkThreads({ threads: 3, processors: 4, notes: ['This engine has no relaxed SIMD.'] })).toMatchObject({ state: 'ok', found: expect.stringContaining('3 of 4') as string });
  expect(wide(checkThreads({ threads: 1, processors: 4, notes: ['One thread: helper threads could not start (limit).'] }))).toEqual(['problem', false, true]);
});

test('only what makes training impossible blocks: no memory, no disk, a folder that cannot be written', async () => {
  expect([2 ** 34, 2 ** 30, 2 ** 27].map((free) => wide(checkFreeMemory(free)))).toEqual([['ok', false, false], ['note', false, true], ['problem', true, true]]);
  expect([2 ** 36, 2 ** 31, 2 ** 24].map((free) => wide(checkFreeDisk(free)))).toEqual([['ok', false, false], ['note', false, true], ['problem', true, true]]);
  const folder = mkdtempSync(join(tmpdir(), 'llm-disk-'));
  try {
    expect((await checkDisk(folder)).name).toBe('disk');
    expect(await checkDisk(join(folder, 'nothing'))).toMatchObject({ state: 'problem', blocks: true, found: expect.stringContaining('ENOENT') as string });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
