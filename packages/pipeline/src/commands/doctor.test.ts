import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { GpuAnswer } from '../device/ask-gpu.ts';
import type { Examination } from '../doctor/examine.ts';
import { CARD, CRASHED, IMITATION, NO_GPU, RATES } from '../fixtures/gpu-answers.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { devicesCommand } from './devices.ts';
import { doctorCommand } from './doctor.ts';

// The tests' own default would be taken for the user's.
beforeEach(() => { vi.stubEnv('LLM_DEVICE', ''); });
afterEach(() => { vi.unstubAllEnvs(); });

async function run(make: typeof doctorCommand, answer: GpuAnswer, { args = [], cwd = tmpdir() }: { args?: string[]; cwd?: string } = {}): Promise<{ code: number; out: string }> {
  const io = memoryIo(cwd);
  const code = await make(() => Promise.resolve(answer)).run(args, io);
  return { code, out: io.written.out };
}

describe('llm doctor', () => {
  let card: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => { card = await run(doctorCommand, { facts: CARD, rates: RATES }); });

  test('shows features, limits, rates, the largest models and every check', () => {
    expect(card.code).toBe(0);
    for (const text of [
      'maker first Card', 'shader-f16 yes, subgroups yes of 32, timestamp-query yes', 'subgroup matrices: 16×16×16 f16 to f32', 'maxStorageBufferBindingSize: 2 GiB',
      'maxComputeWorkgroupStorageSize: 49,152', `Node ${process.versions.node}`, `V8 ${process.versions.v8}`, 'OK       graphics card: maker first Card.', 'threads: ', 'memory: ', 'disk: ',
      'webgpu, 8 GiB', 'WebGPU does not tell how much memory a card has',
    ]) expect(card.out).toContain(text);
    expect(card.out).toMatch(/matrix product, f32 +20000 GFLOP\/s +[\d.]+ GFLOP\/s/);
    expect(card.out).toMatch(/matrix product, f16 +150000 GFLOP\/s +not offered/);
    expect(card.out).toMatch(/copy from it +4\.66 GiB\/s/);
  });

  test('a machine without a card, and one with a driver that crashes, is examined all the same', async () => {
    const none = await run(doctorCommand, NO_GPU, { args: ['--json', '--batch', '1', '--length', '64'] });
    expect(none.code).toBe(0);
    const found = JSON.parse(none.out) as Examination;
    expect(found).toMatchObject({ batch: 1, length: 64, canTrain: true, webgpu: { room: [] }, wasm: { device: { name: 'wasm' } } });
    expect(found.wasm.rates!.matmulFlops).toBeGreaterThan(1e6);
    expect(found.wasm.room[0]!.generating).toBeGreaterThan(found.wasm.room[0]!.trained);
    expect(found.checks.map(({ name }) => name)).toEqual(['graphics card', 'engine', 'threads', 'memory', 'disk']);
    const crashed = await run(doctorCommand, CRASHED);
    expect(crashed.code).toBe(0);
    expect(crashed.out).toContain('problem  graphics card: Found a graphics driver that ended the process (SIGSEGV).\n           Update the driver.');
  }, 60_000);

  test('an imitation shares the memory of the machine, and is measured with a warning', async () => {
    const { out } = await run(doctorCommand, { facts: IMITATION, rates: RATES });
    expect(out).toContain('nobody soft, imitated in software');
    expect(out).toContain('webgpu was measured with small sizes');
    expect(out).not.toContain('how much memory a card has');
  });

  test('a folder in which nothing can be saved makes training impossible: exit code 1', async () => {
    const { code, out } = await run(doctorCommand, NO_GPU, { cwd: join(tmpdir(), 'llm-nothing-here') });
    expect(code).toBe(1);
    expect(out).toContain('problem  disk: Nothing can be written to');
  });
});

describe('llm devices', () => {
  test.each<[string, GpuAnswer, string[]]>([
    ['no card', NO_GPU, ['webgpu      not there  No graphics card is used: found no package webgpu, which brings WebGPU to Node. Install it: npm install webgpu.', 'wasm        used ', 'cpu         there ']],
    ['an imitation', { facts: IMITATION }, ['webgpu      there      The only graphics card is imitated in software (nobody soft)', 'adapter     vendor nobody, architecture first, software: nobody soft', 'wasm        used ']],
  ])('%s: what there is, what is used, and why', async (_case, answer, expected) => {
    const { code, out } = await run(devicesCommand, answer);
    expect(code).toBe(0);
    for (const text of expected) expect(out).toContain(text);
    expect(out).toMatch(/speed +[\d.]+ GFLOP\/s in matrix products of float32 on wasm/);
  });

  test('the environment may name another', async () => {
    vi.stubEnv('LLM_DEVICE', 'cpu');
    const { out } = await run(devicesCommand, { facts: CARD });
    expect(out).toContain('cpu         used       Plain TypeScript: LLM_DEVICE names it.');
    expect(out).toContain('webgpu      there      maker first Card: with --device webgpu.');
  });

  test('--json has the same as data', async () => {
    const { out } = await run(devicesCommand, { facts: IMITATION }, { args: ['--json'] });
    const found = JSON.parse(out) as { used: string; peakFlops: number; devices: { name: string; used: boolean; available: boolean; adapter?: unknown; why: string }[] };
    expect(found.used).toBe('wasm');
    expect(found.peakFlops).toBeGreaterThan(1e6);
    expect(found.devices.map(({ name, used, available }) => [name, used, available])).toEqual([['webgpu', false, true], ['wasm', true, true], ['cpu', false, true]]);
    expect(found.devices[0]!.adapter).toEqual(IMITATION);
  });
});
