import { readFile } from 'node:fs/promises';
import { askedDevices } from '@llm/kernels';
import { memory, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { runTrajectory } from './trajectory.ts';

const read = async (path: string): Promise<Uint8Array> => readFile(new URL(`../golden/${path}`, import.meta.url));

describe.runIf(askedDevices().includes('webgpu')).each(['gpt2', 'llama'] as const)('%s on a graphics card', (name) => {
  beforeEach(async () => { await useDevice('webgpu'); });

  test('ten steps have PyTorch\'s losses and gradient norms, recorded or not', async () => {
    const before = memory().tensors;
    const plain = await runTrajectory(name, { read });
    for (const part of ['losses', 'norms'] as const) {
      const exact = plain.expected[part];
      expect(plain[part].length).toBe(10);
      expectClose(plain[part].map((value, i) => value / exact[i]!), exact.map(() => 1), { tolerance: 1e-3, name: part });
    }
    const compiled = await runTrajectory(name, { read, compile: true });
    expect(compiled.losses).toEqual(plain.losses);
    expect(compiled.norms).toEqual(plain.norms);
    const seldom = await runTrajectory(name, { read, compile: true, readEvery: 4 });
    expect(seldom.losses).toEqual(plain.losses);
    expect(memory().tensors - before).toBeLessThanOrEqual(name === 'llama' ? 6 : 0); // rotation tables stay with their models
  });

  test('in half precision they stay within a hundredth, on a card that has it', async ({ skip }) => {
    const { description } = await useDevice('webgpu');
    skip(!description.includes('f16'), `no half precision on ${description}`);
    const half = await runTrajectory(name, { read, precision: 'f16' });
    for (const part of ['losses', 'norms'] as const) {
      const exact = half.expected[part];
      expectClose(half[part].map((value, i) => value / exact[i]!), exact.map(() => 1), { tolerance: 1e-2, name: part });
    }
    const whole = await runTrajectory(name, { read });
    expect(half.losses).not.toEqual(whole.losses);
    expect((await runTrajectory(name, { read, precision: 'f16', compile: true })).losses).toEqual(half.losses);
  });
});
