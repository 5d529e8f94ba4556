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
});
