import { readFileSync } from 'node:fs';
import {
  disposeTree, linearCrossEntropy, memory, type RawTensor, readSafetensors, scope, type Tensor, tensor, toFloat32, type Tree, useDevice, valueAndGrad,
} from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { paramsFromTensors } from '../checkpoint/checkpoint.ts';
import { createEncoderDecoder, createModel } from '../config/create-model.ts';
import { foldBias } from '../layers/fold-bias.ts';
import type { ApplyOptions } from '../model.ts';

const at = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);
const CONFIGS = JSON.parse(readFileSync(at('encoders.json'), 'utf8')) as Record<string, Record<string, unknown>>;

type Run = (params: Tree, options: ApplyOptions) => { hidden: Tensor; head: Tensor };
interface Case {
  readonly model: { readonly parameters: readonly { readonly name: string }[] };
  readonly params: Tree;
  readonly stored: ReadonlyMap<string, RawTensor>;
  readonly int: (name: string) => Tensor;
  /** The states before the head and its matrix, bias included. */
  readonly run: Run;
  readonly logits: () => Tensor;
}

const ints = (raw: RawTensor): Int32Array => Int32Array.from(toFloat32(raw));

/** Padding gets a number of its own. */
const segmentsOf = (mask: RawTensor): Int32Array => ints(mask).map((seen) => (seen === 1 ? 0 : -1));

function load(name: string): Case {
  const stored = readSafetensors(readFileSync(at(`${name}.safetensors`))).tensors;
  const checkpoint = new Map([...stored].filter(([path]) => path.startsWith('param.')).map(([path, raw]) => [path.slice(6), raw]));
  const int = (key: string): Tensor => tensor(ints(stored.get(key)!), [...stored.get(key)!.shape], 'int32');
  const segments = (): Tensor => tensor(segmentsOf(stored.get('mask')!), [...stored.get('mask')!.shape], 'int32');
  if (name.startsWith('t5')) {
    const model = createEncoderDecoder(CONFIGS[name]!);
    const params = paramsFromTensors(model, checkpoint);
    const encoder = (): { ids: Tensor; segments: Tensor } => ({ ids: int('ids'), segments: segments() });
    return {
      model, params, stored, int,
      run: (params, options) => ({
        hidden: model.hidden(params, { ids: int('decoder_ids'), encoded: model.encode(params, encoder(), options) }, options), head: model.head(params) as Tensor,
      }),
      logits: () => model.apply(params, { encoder: encoder(), decoder: { ids: int('decoder_ids') } }),
    };
  }
  const model = createModel(CONFIGS[name]!);
  const params = paramsFromTensors(model, checkpoint);
  const inputs = (): Parameters<typeof model.hidden>[1] => (name === 'glm'
    ? { ids: int('ids'), positions: int('positions'), blockPositions: int('block_positions'), prefixes: int('prefixes') }
    : { ids: int('ids'), segments: segments(), tokenTypes: int('types') });
  return {
    model, params, stored, int,
    run: (params, options) => foldBias(model.hidden(params, inputs(), options), { head: model.head(params) as Tensor, bias: model.headBias?.(params) }),
    logits: () => model.apply(params, inputs()),
  };
}

describe.each(['bert', 'roberta', 't5', 't5-v1_1', 'glm'])('%s', (name) => {
  beforeAll(async () => {
    await useDevice('wasm', { threads: 2 });
  });

  /** Logits of tokens that are not padding; what stands at padding nobody reads. */
  const compareLogits = ({ stored, logits }: Case): void => {
    const wanted = stored.get('logits')!;
    const [rows = 0, length = 0, vocabulary = 0] = wanted.shape;
    const found = scope(() => logits().dataSync());
    const theirs = toFloat32(wanted);
    const real = name.includes('bert') ? ints(stored.get('mask')!) : new Int32Array(rows * length).fill(1);
    const kept = (values: ArrayLike<number>): number[] => Array.from(values).filter((_, i) => real[Math.floor(i / vocabulary)] === 1);
    expect(found.length).toBe(theirs.length);
    expectClose(kept(found), kept(theirs), { tolerance: 1e-4, name: 'logits' });
  };

  test('logits as PyTorch has them', () => {
    const found = load(name);
    compareLogits(found);
    disposeTree(found.params);
  });

  test.each([false, true])('loss and the gradient of every parameter as PyTorch has them (checkpointed: %s)', (checkpointed) => {
    const { model, params, stored, int, run } = load(name);
    const step = valueAndGrad((params: Tree) => {
      const { hidden, head } = run(params, { checkpointed });
      return linearCrossEntropy(hidden, head, int('labels'));
    });
    const first = step(params);
    first.value.dispose();
    disposeTree(first.grads);
    const before = memory().tensors;
    const { value, grads } = step(params);
    expect(value.dataSync()[0]).toBeCloseTo(toFloat32(stored.get('loss')!)[0]!, 5);
    expect(Object.keys(grads).sort()).toEqual(model.parameters.map(({ name }) => name).sort());
    for (const [path, gradient] of Object.entries(grads)) expectClose(gradient.dataSync(), toFloat32(stored.get(`grad.${path}`)!), { tolerance: 1e-5, name: path });
    value.dispose();
    disposeTree(grads);
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });

  test('on cpu: logits', async () => {
    await useDevice('cpu');
    const found = load(name);
    compareLogits(found);
    disposeTree(found.params);
    await useDevice('wasm', { threads: 2 });
  });
});
