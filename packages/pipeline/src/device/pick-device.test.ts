import { askedDevices } from '@llm/kernels';
import { deviceInUse } from '@llm/tensor';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CARD, CRASHED, IMITATION, NO_GPU } from '../fixtures/gpu-answers.ts';
import { askGpu } from './ask-gpu.ts';
import { factsOf } from './gpu-facts.ts';
import { measureRates } from './measure-rates.ts';
import { type Ask, pickDevice, whyNoGpu } from './pick-device.ts';

// The tests' own default would be taken for the user's.
beforeEach(() => { vi.stubEnv('LLM_DEVICE', ''); });
afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

test('without a card WebAssembly is used, and why is said first', async () => {
  for (const [answer, why] of [[NO_GPU, 'found no package webgpu'], [CRASHED, 'ended the process (SIGSEGV)'], [{ facts: IMITATION }, 'imitated in software (nobody soft)']] as const) {
    const { name, notes, gpu } = await pickDevice('auto', { ask: () => Promise.resolve(answer) });
    expect([name, deviceInUse(), gpu]).toEqual(['wasm', 'wasm', undefined]);
    expect(notes[0]).toContain(why);
    expect(notes[0]).toBe(whyNoGpu(answer));
  }
});

test('an engine without WebAssembly SIMD is left with plain TypeScript', async () => {
  vi.stubGlobal('WebAssembly', undefined);
  const { name, notes } = await pickDevice('auto', { ask: () => Promise.resolve(NO_GPU) });
  expect(name).toBe('cpu');
  expect(notes.join(' ')).toContain('no WebAssembly SIMD');
});

test('whoever names wasm or cpu, also by the environment, asks no driver', async () => {
  const ask = vi.fn<Ask>();
  expect((await pickDevice('cpu', { ask })).name).toBe('cpu');
  expect((await pickDevice('wasm', { ask })).name).toBe('wasm');
  vi.stubEnv('LLM_DEVICE', 'cpu');
  expect((await pickDevice('auto', { ask })).name).toBe('cpu');
  expect((await pickDevice('wasm', { ask })).name).toBe('wasm');
  vi.stubEnv('LLM_DEVICE', 'gpu');
  await expect(pickDevice('auto', { ask })).rejects.toMatchObject({ code: 'E_USAGE', message: 'llm: expected LLM_DEVICE to be one of webgpu, wasm, cpu but found gpu. Correct or unset it.' });
  expect(ask).not.toHaveBeenCalled();
});

test('whoever names webgpu where there is none is told what to do', async () => {
  await expect(pickDevice('webgpu', { ask: () => Promise.resolve(NO_GPU) })).rejects.toMatchObject({
    code: 'E_NO_GPU', message: 'llm: expected a graphics card for --device webgpu but found no package webgpu, which brings WebGPU to Node. Install it: npm install webgpu. The device wasm needs none. See llm doctor.',
  });
});

test('rates of WebAssembly are rates', async () => {
  await pickDevice('wasm');
  const rates = await measureRates({ mebibytes: 1, seconds: 0.02 });
  expect(Object.keys(rates)).toEqual(['matmulFlops', 'uploadBytes', 'copyBytes', 'downloadBytes']);
  for (const rate of Object.values(rates)) expect(rate > 1e6 && rate < 1e13).toBe(true);
});

describe.runIf(askedDevices().includes('webgpu'))('with WebGPU', () => {
  test('the process that asks finds what this one finds, and the card is used where it is named', async () => {
    const { facts, fault } = await askGpu();
    expect(fault).toBeUndefined();
    const picked = await pickDevice('webgpu', { ask: () => Promise.resolve({ facts }) });
    expect([picked.name, deviceInUse()]).toEqual(['webgpu', 'webgpu']);
    expect(picked.gpu).toEqual(facts);
    expect(picked.description).toContain(facts!.description);
    const { createGpuDevice } = await import('@llm/kernels');
    const gpu = await createGpuDevice();
    expect(factsOf(gpu)).toEqual(facts);
    gpu.close();
  });

  test('a card of hardware is used by itself', async () => {
    expect((await pickDevice('auto', { ask: () => Promise.resolve({ facts: CARD }) })).name).toBe('webgpu');
  });

  test('its rates are measured there', async () => {
    const { facts, rates, fault } = await askGpu({ measure: true });
    expect(fault).toBeUndefined();
    for (const name of ['matmulFlops', 'uploadBytes', 'copyBytes', 'downloadBytes'] as const) expect(rates![name]).toBeGreaterThan(1e5);
    expect(rates!.matmulF16Flops !== undefined).toBe(facts!.features.f16);
  });
});
