import { readFileSync } from 'node:fs';
import { createModel, paramsFromTensors } from '@llm/model';
import {
  disposeTree, flatten, linearCrossEntropy, memory, readSafetensors, type RawTensor, type Tensor, tensor, toFloat32, type Tree, useDevice, valueAndGrad,
} from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { adamw } from './adamw.ts';
import { train } from './train.ts';
import type { LossContext } from './training-state.ts';

const golden = new URL('../../../tests/golden/', import.meta.url);
const tensors = (path: string): Map<string, RawTensor> => readSafetensors(readFileSync(new URL(path, golden))).tensors;
const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, golden), 'utf8'));

interface Trajectory {
  readonly initial_weights: string;
  readonly losses_float64: number[];
  readonly grad_norms_before_clipping_float64: number[];
  readonly decayed: string[];
  readonly rounding_only: Record<string, [number, number]>;
}
interface Batch { readonly ids: Int32Array; readonly targets: Int32Array; readonly targetCount: number }

const IGNORED = -100;

/** Labels move one to the left: the loss compares logits[t] with labels[t + 1]. */
function batchesOf(stored: Map<string, RawTensor>): { batches: Batch[]; shape: [number, number] } {
  const [steps = 0, rows = 0, length = 0] = stored.get('ids')!.shape;
  const ids = Int32Array.from(toInt32(stored.get('ids')!));
  const labels = toInt32(stored.get('labels')!);
  const targets = labels.map((_, i) => (i % length === length - 1 ? IGNORED : labels[i + 1]!));
  const size = rows * length;
  const batches = Array.from({ length: steps }, (_, step) => {
    const part = targets.slice(step * size, (step + 1) * size);
    return { ids: ids.slice(step * size, (step + 1) * size), targets: part, targetCount: part.filter((id) => id !== IGNORED).length };
  });
  return { batches, shape: [rows, length] };
}

function toInt32({ data }: RawTensor): Int32Array {
  return new Int32Array(new Uint8Array(data).buffer);
}

describe.each(['gpt2', 'llama'])('%s', (name) => {
  const expected = json(`trajectories/${name}.json`) as Trajectory;
  const stored = tensors(`trajectories/${name}.safetensors`);
  const { batches, shape } = batchesOf(stored);
  const model = createModel(json(`models/${name}/config.json`) as Record<string, unknown>);
  const load = (): Tree => paramsFromTensors(model, tensors(expected.initial_weights));
  const lossOf = (checkpointed: boolean) => (params: Tree, { ids, targets }: Batch, { denominator }: LossContext): Tensor => linearCrossEntropy(
    model.hidden(params, { ids: tensor(ids, shape, 'int32') }, { checkpointed }), model.head(params) as Tensor, tensor(targets, shape, 'int32'),
    { ignoreIndex: IGNORED, denominator },
  );

  beforeEach(async () => { await useDevice('wasm', { threads: 2 }); });

  test('the gradients of the first step are PyTorch\'s, by name', () => {
    const params = load();
    const { value, grads } = valueAndGrad(lossOf(false))(params, batches[0]!, { denominator: batches[0]!.targetCount, seed: 0 });
    value.dispose();
    expect(Object.keys(grads).toSorted()).toEqual([...stored.keys()].filter((key) => key.startsWith('grad.')).map((key) => key.slice(5)).toSorted());
    for (const [path, gradient] of Object.entries(grads)) {
      const reference = toFloat32(stored.get(`grad.${path}`)!);
      const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
      // Relative to the largest of the tensor; what is rounding only is compared as it is.
      const scale = expected.rounding_only[path] === undefined ? largest : 1;
      expectClose([...gradient.dataSync()].map((value) => value / scale), [...reference].map((value) => value / scale), { tolerance: 1e-5, name: path });
    }
    disposeTree(grads);
    disposeTree(params);
  });

  test.each([false, true])('ten steps have PyTorch\'s losses, gradient norms and final weights (checkpointed: %s)', async (checkpointed) => {
    const params = load();
    const before = memory().tensors;
    const decayed = new Set(expected.decayed);
    const optimizer = adamw({ lr: 1e-3, beta1: 0.9, beta2: 0.95, weightDecay: 0.1, decays: (path) => decayed.has(path) });
    const losses: number[] = [];
    const norms: number[] = [];
    for await (const step of train({ params, loss: lossOf(checkpointed), batches, optimizer, clipNorm: 1 })) {
      losses.push(step.loss);
      norms.push(step.gradNorm);
    }
    const relative = (found: number[], exact: number[]): void => expectClose(found.map((x, i) => x / exact[i]!), exact.map(() => 1), { tolerance: 1e-5 });
    relative(losses, expected.losses_float64);
    relative(norms, expected.grad_norms_before_clipping_float64);
    for (const [path, param] of Object.entries(flatten(params))) {
      const [from, to] = expected.rounding_only[path] ?? [0, 0];
      const keep = (_: number, i: number): boolean => i < from || i >= to;
      expectClose([...param.dataSync()].filter(keep), [...toFloat32(stored.get(`final.${path}`)!)].filter(keep), { tolerance: 1e-4, name: path });
    }
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });

  test('our default for what decays is the same', () => {
    const params = load();
    const flat = flatten(params);
    const optimizer = adamw({ lr: 0.01, weightDecay: 0.5 });
    const state = optimizer.init(flat);
    const start = new Map(Object.entries(flat).map(([path, param]) => [path, param.dataSync().slice()]));
    const grads = Object.fromEntries(Object.entries(flat).map(([path, { shape }]) => [path, tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)]));
    optimizer.update({ params: flat, grads, state, step: 0, scale: 1 });
    const changed = Object.entries(flat).filter(([path, param]) => param.dataSync().some((value, i) => value !== start.get(path)![i])).map(([path]) => path);
    expect(changed.toSorted()).toEqual(expected.decayed.toSorted());
    disposeTree({ params, grads, ...state });
  });
});
