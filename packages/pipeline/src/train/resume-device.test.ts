import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceInUse } from '@llm/tensor';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NO_GPU } from '../fixtures/gpu-answers.ts';
import { createTinyRun } from '../fixtures/tiny-run.ts';
import { readRun, type RunRecord } from '../run/run-record.ts';
import { resumeDevice } from './resume-device.ts';

let folder: string;
let record: RunRecord;
beforeEach(async () => {
  vi.stubEnv('LLM_DEVICE', '');
  folder = mkdtempSync(join(tmpdir(), 'llm-device-'));
  ({ record } = await createTinyRun(folder, { steps: 1, device: 'cpu' }));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const ask = () => Promise.resolve(NO_GPU);
const goOn = (choice?: Parameters<typeof resumeDevice>[2], of: RunRecord = record) => resumeDevice(join(folder, 'run'), of, choice, { ask });

test('a run goes on with its device, whichever would be picked for a new one', async () => {
  expect(record.device.name).toBe('cpu');
  const { device, record: same, note } = await goOn();
  expect([device.name, deviceInUse(), note]).toEqual(['cpu', 'cpu', undefined]);
  expect(same).toBe(record);
});

test('the same device with other features is told', async () => {
  const { note } = await goOn(undefined, { ...record, device: { ...record.device, description: 'plain TypeScript of old' } });
  expect(note).toBe('the run began on plain TypeScript of old and goes on with plain TypeScript, one thread: for checking, not for training; its last bits may differ.');
});

test('another device is used when it is asked for, and written down', async () => {
  const { device, note } = await goOn('wasm');
  expect([device.name, deviceInUse()]).toEqual(['wasm', 'wasm']);
  expect(note).toContain('as asked: from here on its numbers differ in their last digits');
  const written = (await readRun(join(folder, 'run')))!;
  expect(written.device).toMatchObject({ name: 'wasm', description: device.description });
  expect(written.earlierDevices).toEqual([record.device.description]);
  expect((await goOn(undefined, written)).note).toBeUndefined();
});

test('a device that is not there is not replaced unless another is asked for', async () => {
  const onCard = { ...record, device: { ...record.device, name: 'webgpu', description: 'WebGPU, a card' } };
  await expect(goOn(undefined, onCard)).rejects.toMatchObject({
    code: 'E_DEVICE_CHANGED', message: expect.stringMatching(/^llm: expected webgpu, the device of this run \(WebGPU, a card\), but it is not to be had here: .*no package webgpu.* To go on with another, name it with --device wasm\. Its numbers then differ/) as string,
  });
  await expect(goOn('webgpu')).rejects.toMatchObject({ code: 'E_NO_GPU' });
  expect((await goOn('auto', onCard)).device.name).toBe('wasm');
});
