// Every op of @llm/tensor, forward and backward, on a graphics card as on cpu.
import { askedDevices } from '@llm/kernels';
import * as t from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { describe, expect, test } from 'vitest';
import { ops, runOp } from './op-table.ts';

describe.runIf(askedDevices().includes('webgpu'))('webgpu', () => {
  test.each(Object.entries(ops))('%s is what it is on cpu', async (_op, op) => {
    await t.useDevice('cpu');
    const expected = await runOp(op);
    await t.useDevice('webgpu');
    const before = t.memory().tensors;
    (await runOp(op)).forEach((values, i) => expectClose(values, expected[i]!, { tolerance: 1e-4, name: i === 0 ? 'value' : `gradient of input ${i - 1}` }));
    expect(t.memory().tensors).toBe(before);
  });
});
