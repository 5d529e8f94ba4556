// Gemma 2 and 3, nanochat and mixtures of experts on a graphics card: transformers' losses, gradients and continuations, and recorded steps.
import { readFile } from 'node:fs/promises';
import { askedDevices } from '@llm/kernels';
import { addAuxiliary, createModel, generate, greedy, hiddenOf, type Model, paramsFromTensors, type TokenBatch } from '@llm/model';
import { disposeTree, linearCrossEntropy, memory, type RawTensor, readSafetensors, type Tensor, tensor, toFloat32, type Tree, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { beforeAll, describe, expect, test } from 'vitest';

const read = (name: string): Promise<Uint8Array> => readFile(new URL(`../../packages/model/src/architectures/fixtures/${name}`, import.meta.url));
const [ROWS, LENGTH, STEPS, IGNORED] = [2, 11, 4, -100];

interface Batch extends TokenBatch { readonly targets: Int32Array; readonly targetCount: number }
interface Loaded {
  readonly model: Model;
  readonly params: Tree;
  readonly stored: ReadonlyMap<string, RawTensor>;
  readonly batch: Batch;
  readonly continuations: { readonly prompts: number[][]; readonly made: number[][] };
}

async function load(name: string): Promise<Loaded> {
  const json = JSON.parse(new TextDecoder().decode(await read('decoders.json'))) as Record<string, Record<string, unknown>> & { prompts: number[][]; continuations: Record<string, number[][]> };
  const stored = readSafetensors(await read(`${name}.safetensors`)).tensors;
  const model = createModel(json[name]!);
  const params = paramsFromTensors(model, new Map([...stored].flatMap(([path, raw]) => (path.startsWith('param.') ? [[path.slice(6), raw] as const] : []))));
  const ids = Int32Array.from(toFloat32(stored.get('ids')!));
  const targets = ids.map((_, i) => (i % LENGTH === LENGTH - 1 ? IGNORED : ids[i + 1]!));
  const positions = ids.map((_, i) => i % LENGTH);
  const batch = { rows: ROWS, length: LENGTH, ids, positions, segments: new Int32Array(ids.length), packed: false, restarts: false, targets, targetCount: ROWS * (LENGTH - 1) };
  return { model, params, stored, batch, continuations: { prompts: json.prompts, made: json.continuations[name]! } };
}

/** The mean loss of the next tokens, and what the architecture adds to it. */
const lossOf = (model: Model) => (params: Tree, batch: Batch, { denominator }: { readonly denominator: number | Tensor }): Tensor => {
  let added: Tensor | undefined;
  const hidden = hiddenOf(model, params, batch, { auxiliary: (loss) => { added = loss; } });
  const targets = tensor(batch.targets, [ROWS, LENGTH], 'int32');
  return addAuxiliary(linearCrossEntropy(hidden, model.head(params), targets, { ignoreIndex: IGNORED, denominator }), added, { targets, denominator });
};

describe.runIf(askedDevices().includes('webgpu')).each(['gemma2', 'gemma3', 'nanochat', 'mixtral', 'qwen3_moe'])('%s on a graphics card', (name) => {
  beforeAll(async () => { await useDevice('webgpu'); });

  test('loss and gradients as transformers has them', async () => {
    const { model, params, stored, batch } = await load(name);
    const { value, grads } = valueAndGrad((params: Tree) => lossOf(model)(params, batch, { denominator: batch.targetCount }))(params);
    expect((await value.data())[0]).toBeCloseTo(toFloat32(stored.get('loss')!)[0]!, 4);
    expect(Object.keys(grads).length).toBe(model.parameters.length);
    for (const [path, gradient] of Object.entries(grads)) expectClose(await gradient.data(), toFloat32(stored.get(`grad.${path}`)!), { tolerance: 1e-4, name: path });
    value.dispose();
    disposeTree(grads);
    disposeTree(params);
  });

  test('greedy continuations, in a batch, drawn by the card', async () => {
    const { model, params, continuations: { prompts, made } } = await load(name);
    const found: number[][] = prompts.map(() => []);
    for await (const { row, id } of generate(model, params, prompts, { sampler: greedy, maxTokens: 8, eosIds: [] })) found[row]!.push(id);
    expect(found).toEqual(made);
    disposeTree(params);
  });
});

describe.runIf(askedDevices().includes('webgpu')).each(['gemma2', 'mixtral'])('%s, recorded', (name) => {
  test('recorded steps have the losses of plain ones, to the bit, with other tokens each time, and of those on wasm', async () => {
    // One model, which keeps its tables of rotations.
    const { model } = await load(name);
    const run = async (compile: boolean): Promise<number[]> => {
      const { params, batch } = await load(name);
      const batches = Array.from({ length: STEPS }, (_, step): Batch => ({ ...batch, ids: batch.ids.map((id) => 2 + ((id + 5 * step) % 38)), targets: batch.targets.map((id) => (id === IGNORED ? id : (id + step) % 40)) }));
      const losses: number[] = [];
      for await (const step of train({ params, loss: lossOf(model), batches, optimizer: adamw({ lr: 1e-2 }), steps: STEPS, compile })) losses.push(step.loss);
      disposeTree(params);
      return losses;
    };
    await useDevice('webgpu');
    const losses = await run(false);
    const { tensors } = memory();
    expect(new Set(losses).size).toBe(STEPS);
    expect(await run(true)).toEqual(losses);
    expect(memory().tensors).toBe(tensors);
    await useDevice('wasm');
    expectClose(losses, await run(false), { tolerance: 1e-3, name: 'losses on wasm' });
  });
});
