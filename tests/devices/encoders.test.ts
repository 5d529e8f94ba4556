// BERT, T5 and GLM on a graphics card: PyTorch's logits and gradients, recorded steps that learn what plain ones learn, and T5's continuations.
import { readFile } from 'node:fs/promises';
import { askedDevices, type GpuDevice } from '@llm/kernels';
import { createEncoderDecoder, createModel, decodedOf, type EncoderDecoder, foldBias, generateFrom, greedy, hiddenOf, type Model, paramsFromTensors } from '@llm/model';
import { disposeTree, linearCrossEntropy, memory, type RawTensor, readSafetensors, type Tensor, tensor, toFloat32, type Tree, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { engine } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';

const read = (name: string): Promise<Uint8Array> => readFile(new URL(`../../packages/model/src/architectures/fixtures/${name}`, import.meta.url));
const IGNORED = -100;
const STEPS = 4;
const buffersMade = (): number => (engine().backend as unknown as { gpu?: GpuDevice }).gpu?.stats().buffersCreated ?? 0;

interface Batch {
  readonly rows: number;
  readonly ids: Int32Array;
  readonly segments: Int32Array;
  readonly decoderIds: Int32Array;
  readonly targets: Int32Array;
  readonly targetCount: number;
  readonly positions: Int32Array;
  readonly blockPositions: Int32Array;
  readonly prefixes: Int32Array;
}
interface Loaded {
  readonly params: Tree;
  readonly stored: ReadonlyMap<string, RawTensor>;
  readonly batch: Batch;
  readonly loss: (params: Tree, batch: Batch, context: { readonly denominator: number | Tensor }) => Tensor;
  readonly pair: EncoderDecoder | undefined;
}

async function load(name: string): Promise<Loaded> {
  const config = (JSON.parse(new TextDecoder().decode(await read('encoders.json'))) as Record<string, Record<string, unknown>>)[name]!;
  const stored = readSafetensors(await read(`${name}.safetensors`)).tensors;
  const checkpoint = new Map([...stored].flatMap(([path, raw]) => (path.startsWith('param.') ? [[path.slice(6), raw] as const] : [])));
  const int = (key: string): Int32Array => (stored.has(key) ? Int32Array.from(toFloat32(stored.get(key)!)) : new Int32Array(0));
  const targets = int('labels');
  const batch: Batch = {
    rows: 2, ids: int('ids'), segments: int('mask').map((seen) => seen - 1), decoderIds: int('decoder_ids'), targets, targetCount: targets.filter((id) => id !== IGNORED).length,
    positions: int('positions'), blockPositions: int('block_positions'), prefixes: int('prefixes'),
  };
  const tokens = (ids: Int32Array, segments: Int32Array, packed: boolean) => ({ rows: 2, length: ids.length / 2, ids, segments, packed, positions: ids, restarts: false });
  const headed = (hidden: Tensor, head: { matrix: Tensor; bias?: Tensor | undefined }, { targets }: Batch, denominator: number | Tensor): Tensor => {
    const folded = foldBias(hidden, { head: head.matrix, bias: head.bias });
    return linearCrossEntropy(folded.hidden, folded.head, tensor(targets, [2, targets.length / 2], 'int32'), { ignoreIndex: IGNORED, denominator });
  };
  if (name.startsWith('t5')) {
    const pair = createEncoderDecoder(config);
    const loss: Loaded['loss'] = (params, batch, { denominator }) => {
      const { ids, segments, decoderIds } = batch;
      const hidden = decodedOf(pair, params, { encoder: tokens(ids, segments, true), decoder: tokens(decoderIds, new Int32Array(decoderIds.length), false) });
      return headed(hidden, { matrix: pair.head(params) as Tensor }, batch, denominator);
    };
    return { params: paramsFromTensors(pair, checkpoint), stored, batch, loss, pair };
  }
  const model: Model = createModel(config);
  const loss: Loaded['loss'] = (params, batch, { denominator }) => {
    const { ids, segments, positions, prefixes, blockPositions } = batch;
    const hidden = hiddenOf(model, params, name === 'glm' ? { ...tokens(ids, segments, false), positions, restarts: true, prefixes, blockPositions } : { ...tokens(ids, segments, true), tokenTypes: types });
    return headed(hidden, { matrix: model.head(params) as Tensor, bias: model.headBias?.(params) }, batch, denominator);
  };
  const types = int('types');
  return { params: paramsFromTensors(model, checkpoint), stored, batch, loss, pair: undefined };
}

describe.runIf(askedDevices().includes('webgpu')).each(['bert', 't5', 'glm'])('%s on a graphics card', (name) => {
  beforeAll(async () => { await useDevice('webgpu'); });

  test('loss and gradients as PyTorch has them', async () => {
    const { params, stored, batch, loss } = await load(name);
    const { value, grads } = valueAndGrad((params: Tree) => loss(params, batch, { denominator: batch.targetCount }))(params);
    expect((await value.data())[0]).toBeCloseTo(toFloat32(stored.get('loss')!)[0]!, 4);
    for (const [path, gradient] of Object.entries(grads)) expectClose(await gradient.data(), toFloat32(stored.get(`grad.${path}`)!), { tolerance: 1e-4, name: path });
    value.dispose();
    disposeTree(grads);
    disposeTree(params);
  });

  test('recorded steps have the losses of plain ones, to the bit, with other tokens and masks each time, make no buffer after the second, and leave nothing behind', async () => {
    const run = async (compile: boolean): Promise<{ losses: number[]; buffers: number[] }> => {
      const { params, batch, loss } = await load(name);
      const moved = (values: Int32Array, step: number, to: number): Int32Array => values.map((id) => (id < 3 ? id : 3 + ((id - 3 + step) % to)));
      const batches = Array.from({ length: STEPS }, (_, step): Batch => ({
        ...batch, ids: moved(batch.ids, step, 37), decoderIds: moved(batch.decoderIds, step, 37), targets: batch.targets.map((id) => (id === IGNORED ? id : (id + step) % 40)),
        segments: batch.segments.map((value, i) => (i % 5 === step ? -1 : value)), prefixes: batch.prefixes.map((prefix) => prefix - (step % 2)),
      }));
      const [losses, buffers]: [number[], number[]] = [[], []];
      let before = buffersMade();
      for await (const step of train({ params, loss, batches, optimizer: adamw({ lr: 1e-2 }), steps: STEPS, compile })) {
        losses.push(step.loss);
        buffers.push(buffersMade() - before);
        before = buffersMade();
      }
      disposeTree(params);
      return { losses, buffers };
    };
    const { losses } = await run(false);
    expect(new Set(losses).size).toBe(STEPS);
    const { tensors } = memory();
    const recorded = await run(true);
    expect(memory().tensors).toBe(tensors);
    expect(recorded.losses).toEqual(losses);
    expect(recorded.buffers.slice(2)).toEqual([0, 0]);
    await useDevice('wasm');
    expectClose(losses, (await run(false)).losses, { tolerance: 1e-3, name: 'losses on wasm' });
    await useDevice('webgpu');
  });
});

test.runIf(askedDevices().includes('webgpu'))('t5 on a graphics card: greedy continuations as transformers has them', async () => {
  await useDevice('webgpu');
  const { params, pair, batch } = await load('t5');
  const { continuations } = JSON.parse(new TextDecoder().decode(await read('encoders.json'))) as { continuations: Record<string, number[][]> };
  const length = batch.ids.length / 2;
  const texts = [0, 1].map((row) => [...batch.ids.subarray(row * length, (row + 1) * length)].filter((_, i) => batch.segments[row * length + i] === 0));
  const found: number[][] = [[], []];
  for await (const { row, id } of generateFrom(pair!, params, texts, { sampler: greedy, maxTokens: 9 })) found[row]!.push(id);
  expect(found).toEqual(continuations['t5']);
  disposeTree(params);
});
