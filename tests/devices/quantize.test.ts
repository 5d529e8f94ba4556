import { askedDevices } from '@llm/kernels';
import { createModel } from '@llm/model';
import { calibrate, converted, divergence, fakeQuantized, gptq, groupedMatrixOf, isGroupedWeight, quantizeCalibrated } from '@llm/quantize';
import { disposeTree, int4, int8, leaves, linearCrossEntropy, memory, type QuantizedFormat, type Tensor, tensor, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { describe, expect, test } from 'vitest';

const model = createModel({
  model_type: 'llama', vocab_size: 48, hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 2, max_position_embeddings: 32,
});
const ids = Int32Array.from({ length: 48 }, (_, i) => (i * 7 + (i >> 4)) % 48);
const batch = {
  rows: 2, length: 24, ids, targets: ids.map((_, i) => (i % 24 === 23 ? -100 : ids[i + 1]!)), positions: ids.map((_, i) => i % 24), segments: new Int32Array(48), packed: false, restarts: false, targetCount: 46,
};
const loss = (params: Tree, { ids: given, targets }: { ids: Int32Array; targets: Int32Array }, { denominator }: { denominator: number | Tensor }): Tensor => linearCrossEntropy(
  model.hidden(params, { ids: tensor(given, [2, 24], 'int32') }), model.head(params), tensor(targets, [2, 24], 'int32'), { ignoreIndex: -100, denominator },
);

/** The losses of some steps of quantization-aware training. */
async function aware(device: 'wasm' | 'webgpu', format: QuantizedFormat, compile = false): Promise<number[]> {
  await useDevice(device);
  const params = fakeQuantized(model.init(1), { format });
  const found: number[] = [];
  for await (const step of train({ params, loss, batches: Array.from({ length: 4 }, () => batch), optimizer: adamw({ lr: 0.01 }), compile })) found.push(step.loss, step.gradNorm);
  disposeTree(await converted(params));
  return found;
}

/** The codes that GPTQ chooses for the first matrix, what the inputs look like, and how far the model moves. */
async function calibrated(device: 'wasm' | 'webgpu'): Promise<{ codes: Uint8Array; inputs: Float32Array; kld: number }> {
  await useDevice(device);
  const params = model.init(2);
  const moments = await calibrate(model, params, { batches: [batch], moments: ['squares'] });
  const before = memory().tensors;
  const { params: small } = await quantizeCalibrated(model, params, { method: gptq({ groupSize: 16, activityOrder: false }), batches: [batch] });
  // Codes and scales of seven matrices; the tables of the block that runs by itself stay with the model.
  expect(memory().tensors - before).toBeLessThanOrEqual(2 * 7 + 2);
  const [first] = leaves(small).map(([, leaf]) => leaf).filter(isGroupedWeight);
  const { kld } = await divergence({ model, params }, { model, params: small }, { batches: [batch] });
  return { codes: (await groupedMatrixOf(first!)).codes, inputs: moments.values().next().value!.squares!, kld: kld.mean };
}

describe.runIf(askedDevices().includes('webgpu'))('quantization on a graphics card', () => {
  test.each([['int4', int4({ blockSize: 16 })], ['int4 with offsets', int4({ blockSize: 16, asymmetric: true })], ['int8', int8({ blockSize: 16 })]] as const)('training that knows %s: the numbers of wasm, and the same bits recorded', async (_name, format) => {
    const plain = await aware('webgpu', format);
    expect(await aware('webgpu', format, true)).toEqual(plain);
    // A code may be another where a weight lies between two.
    expectClose(plain, await aware('wasm', format), { tolerance: 5e-3 });
  });

  test('GPTQ sees the same inputs and moves the model as far', async () => {
    const [gpu, cpu] = [await calibrated('webgpu'), await calibrated('wasm')];
    expectClose(gpu.inputs, cpu.inputs, { tolerance: 1e-4 });
    expect(gpu.codes.reduce((count, code, i) => count + Number(code !== cpu.codes[i]), 0)).toBeLessThan(gpu.codes.length / 100);
    expect(Math.abs(gpu.kld / cpu.kld - 1)).toBeLessThan(0.2);
  });
});
