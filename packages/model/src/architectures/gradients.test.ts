import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  add, disposeTree, embed, flatten, linear, linearCrossEntropy, mapLeaves, mean, memory, readSafetensors, scope, square, sum, type Tensor, tensor,
  toFloat32, type Tree, useDevice, valueAndGrad, type Weight,
} from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { paramsFromTensors } from '../checkpoint/checkpoint.ts';
import { createModel } from '../config/create-model.ts';
import { generate } from '../generate/generate.ts';
import { greedy } from '../generate/temperature.ts';
import type { ApplyOptions, Model, ModelInputs } from '../model.ts';

const golden = (name: string): string => fileURLToPath(new URL(`../../../../tests/golden/${name}`, import.meta.url));
const stored = (name: string): ReturnType<typeof readSafetensors>['tensors'] => readSafetensors(readFileSync(golden(name))).tensors;

function load(name: string): { model: Model; params: Tree } {
  const model = createModel(JSON.parse(readFileSync(golden(`models/${name}/config.json`), 'utf8')) as Record<string, unknown>);
  return { model, params: paramsFromTensors(model, stored(`models/${name}/model.safetensors`)) };
}

beforeAll(async () => {
  await useDevice();
});

describe.each(['gpt2', 'llama'])('%s', (name) => {
  const [BATCH, TOKENS] = [2, 24];
  const trajectory = stored(`trajectories/${name}.safetensors`);
  const first = (key: string): Float32Array => toFloat32(trajectory.get(key)!).subarray(0, BATCH * TOKENS);
  const ids = Int32Array.from(first('ids'));
  // The label of a token is the next one's; the last has none.
  const labels = first('labels');
  const targets = Int32Array.from({ length: BATCH * TOKENS }, (_, i) => (i % TOKENS === TOKENS - 1 ? -100 : labels[i + 1]!));

  const gradients = (model: Model, params: Tree, options: ApplyOptions = {}): { loss: number; grads: Record<string, Tensor> } => {
    const { value, grads } = valueAndGrad((params: Tree) => {
      const hidden = model.hidden(params, { ids: tensor(ids, [BATCH, TOKENS], 'int32') }, options);
      return linearCrossEntropy(hidden, model.head(params) as Tensor, tensor(targets, [BATCH, TOKENS], 'int32'));
    })(params);
    const [loss = NaN] = value.dataSync();
    value.dispose();
    return { loss, grads };
  };

  test.each([false, true])('loss and gradients as torch has them (checkpointed: %s)', (checkpointed) => {
    const { model, params } = load(name);
    disposeTree(gradients(model, params).grads);
    const before = memory().tensors;
    const { loss, grads } = gradients(model, params, { checkpointed });
    const { losses } = JSON.parse(readFileSync(golden(`trajectories/${name}.json`), 'utf8')) as { losses: number[] };
    expect(loss).toBeCloseTo(losses[0]!, 5);
    expect(Object.keys(grads).sort()).toEqual(model.parameters.map(({ name }) => name).sort());
    for (const [path, gradient] of Object.entries(grads)) expectClose(gradient.dataSync(), toFloat32(trajectory.get(`grad.${path}`)!), { tolerance: 1e-5, name: path });
    disposeTree(grads);
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });

  test.each([false, true])('gradients of packed documents are those of each alone, though their marks are made inside the loss (checkpointed: %s)', (checkpointed) => {
    const { model, params } = load(name);
    const squares = (params: Tree, inputs: ModelInputs): Tensor => sum(square(model.hidden(params, inputs, { checkpointed })));
    const int = (values: readonly number[]): Tensor => tensor(Int32Array.from(values), [1, values.length], 'int32');
    const [a, b] = [[...ids.subarray(0, 7)], [...ids.subarray(7, 12)]];
    const packed = valueAndGrad((params: Tree) => squares(params, {
      ids: int([...a, ...b]), positions: int([...a.keys(), ...b.keys()]), segments: int([...a.map(() => 0), ...b.map(() => 1)]),
    }))(params);
    const apart = valueAndGrad((params: Tree) => add(squares(params, { ids: int(a) }), squares(params, { ids: int(b) })))(params);
    expect(Object.keys(packed.grads)).toEqual(Object.keys(apart.grads));
    for (const [path, gradient] of Object.entries(packed.grads)) {
      const expected = apart.grads[path]!.dataSync();
      const size = Math.max(1, ...Array.from(expected, Math.abs));
      expectClose(gradient.dataSync().map((value) => value / size), expected.map((value) => value / size), { tolerance: 1e-5, name: path });
    }
    for (const { value, grads } of [packed, apart]) disposeTree({ ...grads, value });
    disposeTree(params);
  });

  test('gradients flow through what capture was given, and a recomputed layer has none to give', () => {
    const { model, params } = load(name);
    const inputs = (): { ids: Tensor } => ({ ids: tensor(ids, [BATCH, TOKENS], 'int32') });
    const { grads } = valueAndGrad((params: Tree) => {
      let captured: Tensor | undefined;
      model.hidden(params, inputs(), { capture: (path, value) => { if (/\b0\.mlp$/.test(path)) captured = value; } });
      return mean(square(captured!));
    })(params);
    // The second layer comes after what was captured.
    expect(Object.keys(grads).some((path) => /\b(h|layers)\.0\./.test(path))).toBe(true);
    expect(Object.keys(grads).some((path) => /\b(h|layers)\.1\./.test(path))).toBe(false);
    disposeTree(grads);
    expect(() => scope(() => model.hidden(params, inputs(), { checkpointed: true, capture: () => undefined }))).toThrow(/either checkpointed or capture/);
    disposeTree(params);
  });

  test('a weight that applies itself stands in every place of a matrix: logits, gradients and generation are the same', async () => {
    const { model, params } = load(name);
    const wrapped = (w: Tensor, conv: boolean): Weight => ({
      shape: conv ? [w.shape[1]!, w.shape[0]!] : w.shape,
      tensors: { w },
      with: (tensors) => wrapped(tensors['w']!, conv),
      apply: (x) => linear(x, w, { transposed: conv }),
      rows: (ids) => embed(ids, w),
    });
    const weighted = mapLeaves(params, (leaf, path) => ('rank' in leaf && leaf.rank === 2 ? wrapped(leaf, /\.c_/.test(path)) : leaf));
    const logits = (params: Tree, options: ApplyOptions = {}): Float32Array => (
      scope(() => model.apply(params, { ids: tensor(ids, [BATCH, TOKENS], 'int32') }, options).dataSync() as Float32Array)
    );
    expectClose(logits(weighted), logits(params), { tolerance: 1e-5 });
    const loss = (options: ApplyOptions) => (params: Tree): Tensor => mean(square(model.apply(params, { ids: tensor(ids, [BATCH, TOKENS], 'int32') }, options)));
    const plain = valueAndGrad(loss({}))(params);
    for (const options of [{}, { checkpointed: true }]) {
      const { value, grads } = valueAndGrad(loss(options))(weighted);
      expect(Object.keys(flatten(weighted))).toContain(`${model.parameters[0]!.name}.w`);
      for (const [path, gradient] of Object.entries(plain.grads)) {
        expectClose((grads[path] ?? grads[`${path}.w`])!.dataSync(), gradient.dataSync(), { tolerance: 1e-5, name: path });
      }
      value.dispose();
      disposeTree(grads);
    }
    const run = async (params: Tree): Promise<number[]> => {
      const found: number[] = [];
      for await (const { id } of generate(model, params, [[1, 2, 3]], { sampler: greedy, maxTokens: 5, eosIds: [] })) found.push(id);
      return found;
    };
    expect(await run(weighted)).toEqual(await run(params));
    disposeTree(plain.grads);
    disposeTree(params);
  });
});

test('the rotation of a shorter run is still there for its backward pass after a longer one', () => {
  const { model, params } = load('llama');
  const run = (params: Tree, length: number): Tensor => model.apply(params, { ids: tensor(new Int32Array(length).fill(3), [1, length], 'int32') });
  const { value, grads } = valueAndGrad((params: Tree) => {
    const short = mean(square(run(params, 8)));
    run(params, 300);
    return short;
  })(params);
  expect(Number.isFinite(value.dataSync()[0])).toBe(true);
  disposeTree(grads);
  disposeTree(params);
});

test('dropout: off by default, and a function of its seed when on', () => {
  const config = JSON.parse(readFileSync(golden('models/gpt2/config.json'), 'utf8')) as Record<string, unknown>;
  const model = createModel({ ...config, embd_pdrop: 0.5, resid_pdrop: 0.25 });
  const params = paramsFromTensors(model, stored('models/gpt2/model.safetensors'));
  const logits = (options: ApplyOptions = {}): string => scope(() => model.apply(params, { ids: tensor(Int32Array.of(1, 2, 3), [1, 3], 'int32') }, options).dataSync().join());
  expect(logits()).toBe(logits());
  expect(logits({ dropoutSeed: 1 })).toBe(logits({ dropoutSeed: 1 }));
  expect(new Set([logits(), logits({ dropoutSeed: 1 }), logits({ dropoutSeed: 2 })]).size).toBe(3);
  disposeTree(params);
});
