import { readFileSync } from 'node:fs';
import {
  add, disposeTree, embed, linear, linearCrossEntropy, linearLogProbs, mapLeaves, memory, neg, type RawTensor, readSafetensors, scope, sum, type Tensor, tensor, toFloat32, type Tree,
  useDevice, valueAndGrad, type Weight,
} from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { paramsFromTensors } from '../checkpoint/checkpoint.ts';
import { createModel } from '../config/create-model.ts';
import { generate } from '../generate/generate.ts';
import { greedy } from '../generate/temperature.ts';
import { kvCache } from '../layers/kv-cache.ts';
import type { ApplyOptions, Model, ModelInputs } from '../model.ts';

const at = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);
const JSONS = JSON.parse(readFileSync(at('decoders.json'), 'utf8')) as Record<string, Record<string, unknown>> & { prompts: number[][]; continuations: Record<string, number[][]> };
const NAMES = ['gemma2', 'gemma3', 'nanochat', 'mixtral', 'qwen3_moe'];
const [BATCH, LENGTH] = [2, 11];

interface Case { readonly model: Model; readonly params: Tree; readonly stored: ReadonlyMap<string, RawTensor>; readonly ids: Int32Array }

function load(name: string, change: Record<string, unknown> = {}): Case {
  const stored = readSafetensors(readFileSync(at(`${name}.safetensors`))).tensors;
  const model = createModel({ ...JSONS[name], ...change });
  const params = paramsFromTensors(model, new Map([...stored].flatMap(([path, raw]) => (path.startsWith('param.') ? [[path.slice(6), raw] as const] : []))));
  return { model, params, stored, ids: Int32Array.from(toFloat32(stored.get('ids')!)) };
}

const int = (values: ArrayLike<number>, rows: number = 1): Tensor => tensor(Int32Array.from(values), [rows, values.length / rows], 'int32');
/** The next token of each; the last of a row has none. */
const targetsOf = (ids: Int32Array): Tensor => int(ids.map((_, i) => (i % LENGTH === LENGTH - 1 ? -100 : ids[i + 1]!)), BATCH);
const logitsOf = ({ model, params, ids }: Case): Float32Array => scope(() => model.apply(params, { ids: int(ids, BATCH) }).dataSync() as Float32Array);

/** The mean loss of the next tokens and what the architecture adds to it. */
function lossOf({ model, ids }: Case, options: ApplyOptions = {}): (params: Tree) => Tensor {
  return (params) => {
    const added: Tensor[] = [];
    const hidden = model.hidden(params, { ids: int(ids, BATCH) }, { ...options, auxiliary: (loss) => { added.push(loss); } });
    return added.reduce((a, b) => add(a, b), linearCrossEntropy(hidden, model.head(params), targetsOf(ids)));
  };
}

describe.each(NAMES)('%s', (name) => {
  beforeAll(async () => {
    await useDevice('wasm', { threads: 2 });
  });

  test('logits as transformers has them', () => {
    const found = load(name);
    expectClose(logitsOf(found), toFloat32(found.stored.get('logits')!), { tolerance: 1e-4, name: 'logits' });
    disposeTree(found.params);
  });

  test.each([false, true])('loss and the gradient of every parameter as transformers has them (checkpointed: %s)', (checkpointed) => {
    const found = load(name);
    const step = valueAndGrad(lossOf(found, { checkpointed }));
    const first = step(found.params);
    first.value.dispose();
    disposeTree(first.grads);
    const before = memory().tensors;
    const { value, grads } = step(found.params);
    expect(value.dataSync()[0]).toBeCloseTo(toFloat32(found.stored.get('loss')!)[0]!, 5);
    expect(Object.keys(grads).sort()).toEqual(found.model.parameters.map(({ name }) => name).sort());
    for (const [path, gradient] of Object.entries(grads)) expectClose(gradient.dataSync(), toFloat32(found.stored.get(`grad.${path}`)!), { tolerance: 1e-5, name: path });
    value.dispose();
    disposeTree(grads);
    expect(memory().tensors).toBe(before);
    disposeTree(found.params);
  });

  test('log-probabilities and their gradients are those of the same head', () => {
    const found = load(name);
    const { model, params, ids } = found;
    const plain = valueAndGrad((params: Tree) => linearCrossEntropy(model.hidden(params, { ids: int(ids, BATCH) }), model.head(params), targetsOf(ids), { denominator: 1 }))(params);
    const logs = valueAndGrad((params: Tree) => neg(sum(linearLogProbs(model.hidden(params, { ids: int(ids, BATCH) }), model.head(params), targetsOf(ids)).logProbs)))(params);
    expect(logs.value.dataSync()[0]).toBeCloseTo(plain.value.dataSync()[0]!, 3);
    for (const [path, gradient] of Object.entries(plain.grads)) expectClose(logs.grads[path]!.dataSync(), gradient.dataSync(), { tolerance: 1e-4, name: path });
    for (const { value, grads } of [plain, logs]) disposeTree({ value, ...grads });
    disposeTree(params);
  });

  test('greedy continuations as transformers has them without a cache, alone and in a batch', async () => {
    const { model, params } = load(name);
    const run = async (batch: number[][]): Promise<number[][]> => {
      const rows: number[][] = batch.map(() => []);
      for await (const { row, id } of generate(model, params, batch, { sampler: greedy, maxTokens: 8, eosIds: [], prefillTokens: 4 })) rows[row]!.push(id);
      return rows;
    };
    await run(JSONS.prompts);
    const before = memory().tensors;
    expect(await run(JSONS.prompts)).toEqual(JSONS.continuations[name]);
    for (const [i, prompt] of JSONS.prompts.entries()) expect(await run([prompt])).toEqual([JSONS.continuations[name]![i]]);
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });

  test('step by step through a cache, packed with others, and behind a prefix of one token: the states of the whole', () => {
    const { model, params, ids } = load(name);
    const states = (run: () => Tensor): number[] => scope(() => [...run().dataSync()]);
    const [a, b] = [[...ids.subarray(0, LENGTH)], [...ids.subarray(LENGTH)]];
    const whole = states(() => model.hidden(params, { ids: int(a) }));
    const cache = kvCache(model.shape, { batch: 1, capacity: LENGTH });
    const steps = [[0, 4], [4, 5], [5, 9], [9, 10], [10, LENGTH]].flatMap(([from, to]) => states(() => model.hidden(params, { ids: int(a.slice(from, to)), cache })));
    cache.dispose();
    expectClose(steps, whole, { tolerance: 1e-4, name: 'cache' });
    const inputs = (): ModelInputs => ({ ids: int([...a, ...b]), positions: int([...a.keys(), ...b.keys()]), segments: int([...a.map(() => 0), ...b.map(() => 1)]) });
    expectClose(states(() => model.hidden(params, inputs())), [...whole, ...states(() => model.hidden(params, { ids: int(b) }))], { tolerance: 1e-4, name: 'packed' });
    expectClose(states(() => model.hidden(params, { ids: int(a), prefixes: tensor([1], [1], 'int32') })), whole, { tolerance: 1e-5, name: 'prefix' });
    disposeTree(params);
  });

  test('a weight that applies itself stands in every place of a matrix', () => {
    const found = load(name);
    const wrapped = (w: Tensor): Weight => ({ shape: w.shape, tensors: { w }, with: (tensors) => wrapped(tensors['w']!), apply: (x) => linear(x, w), rows: (ids) => embed(ids, w) });
    const weighted = mapLeaves(found.params, (leaf) => ('rank' in leaf && leaf.rank === 2 ? wrapped(leaf) : leaf));
    expectClose(logitsOf({ ...found, params: weighted }), logitsOf(found), { tolerance: 1e-5 });
    const { value, grads } = valueAndGrad(lossOf(found))(weighted);
    for (const [path, gradient] of Object.entries(grads)) {
      expectClose(gradient.dataSync(), toFloat32(found.stored.get(`grad.${path.replace(/\.w$/, '')}`)!), { tolerance: 1e-5, name: path });
    }
    disposeTree({ value, ...grads });
    disposeTree(found.params);
  });

  test('inputs that it has no use for are named', () => {
    const { model, params } = load(name);
    for (const key of ['blockPositions', 'tokenTypes'] as const) {
      expect(() => scope(() => model.hidden(params, { ids: int([1]), [key]: int([1]) }))).toThrow(`expected no ${key} but found some`);
    }
    expect(() => scope(() => model.hidden(params, { ids: int(new Int32Array(33)) }))).toThrow(/expected at most 32 positions but found 33/);
    disposeTree(params);
  });

  test('on cpu: logits', async () => {
    await useDevice('cpu');
    const found = load(name);
    expectClose(logitsOf(found), toFloat32(found.stored.get('logits')!), { tolerance: 1e-4, name: 'logits' });
    disposeTree(found.params);
    await useDevice('wasm', { threads: 2 });
  });
});

describe('mixtures of experts', () => {
  beforeAll(async () => {
    await useDevice('wasm', { threads: 2 });
  });

  test('weights that are not divided by their sum: logits as transformers has them', () => {
    const found = load('qwen3_moe', { norm_topk_prob: false });
    expectClose(logitsOf(found), toFloat32(found.stored.get('plain.logits')!), { tolerance: 1e-4, name: 'logits' });
    disposeTree(found.params);
  });

  test.each(['mixtral', 'qwen3_moe'])('%s: the load balance of all tokens, and without those of padding', (name) => {
    const { model, params, stored, ids } = load(name);
    const balance = (inputs: Omit<ModelInputs, 'ids'> = {}): number => scope(() => {
      let found: Tensor | undefined;
      model.hidden(params, { ids: int(ids, BATCH), ...inputs }, { auxiliary: (loss) => { found = loss; } });
      return found!.dataSync()[0]! / 0.1;
    });
    expect(balance()).toBeCloseTo(toFloat32(stored.get('balance')!)[0]!, 4);
    // Padding at the end of a row changes nothing before it.
    const segments = int(ids.map((_, i) => (i >= LENGTH + 7 ? -1 : 0)), BATCH);
    expect(balance({ segments })).toBeCloseTo(toFloat32(stored.get('masked.balance')!)[0]!, 4);
    disposeTree(params);
  });

  test('capture has the logits of each router; without a coefficient nothing is added', () => {
    const { model, params, ids } = load('qwen3_moe', { router_aux_loss_coef: 0 });
    const seen = new Map<string, string>();
    scope(() => {
      model.hidden(params, { ids: int(ids, BATCH) }, {
        capture: (path, value) => { seen.set(path, value.shape.join()); }, auxiliary: () => { throw new Error('nothing to add'); },
      });
    });
    const routers = [...seen].filter(([path]) => path.endsWith('.gate'));
    // The second layer is dense.
    expect(routers).toEqual([['model.layers.0.mlp.gate', '22,6'], ['model.layers.2.mlp.gate', '22,6']]);
    disposeTree(params);
  });
});
