import { useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { describe, expect, test } from 'vitest';
import { runTrajectory } from '../devices/trajectory.ts';

const files = import.meta.glob(['../golden/{trajectories,models/gpt2,models/llama}/*.{json,safetensors}'], { query: '?url', import: 'default' });
const read = async (path: string): Promise<Uint8Array> => {
  const url = await files[`../golden/${path}`]!() as string;
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
};

describe.each(['gpt2', 'llama'] as const)('%s in a page', (name) => {
  test.each([['webgpu', 1e-3], ['wasm', 1e-4]] as const)('ten steps on %s have PyTorch\'s losses and gradient norms', async (device, tolerance) => {
    await useDevice(device);
    const found = await runTrajectory(name, { read, compile: true });
    for (const part of ['losses', 'norms'] as const) {
      const exact = found.expected[part];
      expect(found[part].length).toBe(10);
      expectClose(found[part].map((value, i) => value / exact[i]!), exact.map(() => 1), { tolerance, name: part });
    }
  }, 120_000);
});
