import { createModel, type Model } from '@llm/model';
import { disposeTree, mapLeaves, memory, sum, type Tensor, tensor, type Tree, useDevice, valueAndGrad } from '@llm/tensor';
import { checkGradients, expectClose } from '@llm/testing';
import { sgd, train } from '@llm/train';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Example, plainExample } from '../examples/example.ts';
import { batches, batchesInOrder } from '../rows/batches.ts';
import { bfd } from '../rows/best-fit-decreasing.ts';
import { type SftBatch, toBatch } from '../rows/to-batch.ts';
import { dft } from './dft.ts';
import { nll } from './nll.ts';
import { sftLoss, type SftLossOptions } from './sft-loss.ts';
import { tokenMetrics } from './token-metrics.ts';

const llama = createModel({
  model_type: 'llama', vocab_size: 61, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
  max_position_embeddings: 32, tie_word_embeddings: false,
});
const gpt2 = createModel({ model_type: 'gpt2', vocab_size: 61, n_positions: 32, n_embd: 16, n_head: 2, n_layer: 2 });

/** Examples of very different lengths, of each of which only the end is learned. */
const examples: Example[] = [9, 3, 14, 2, 5, 11].map((size, d) => {
  const { ids, weights } = plainExample(Array.from({ length: size }, (_, i) => ((d * 17 + i * 7 + (i * i) % 5) % 60) + 1));
  return { ids, weights: weights.fill(0, 0, Math.floor(size / 3)) };
});
const weighted = examples.map(({ ids, weights }, d) => ({ ids, weights: weights.map((weight, i) => weight * (d % 2 === 0 ? 0.5 : i % 3)) }));

/** Random parameters that are far from their gentle beginning, so that what is wrong shows. */
function paramsOf(model: Model): Tree {
  return mapLeaves(model.init(3), (leaf) => {
    const small = leaf as Tensor;
    const large = tensor(small.dataSync().map((value, i) => (value === 1 || value === 0 ? value + 0.3 * Math.sin(i) : value * 12)), small.shape);
    small.dispose();
    return large;
  });
}

/** Loss and gradients over several batches, as accumulating adds them. */
function accumulated(model: Model, params: Tree, { parts, denominator, options }: { parts: readonly SftBatch[]; denominator: number; options: SftLossOptions }): { loss: number; grads: Record<string, number[]> } {
  let loss = 0;
  const sums: Record<string, number[]> = {};
  for (const batch of parts) {
    const { value, grads } = valueAndGrad(sftLoss(model, options))(params, batch, { denominator });
    loss += value.dataSync()[0]!;
    for (const [path, gradient] of Object.entries(grads)) sums[path] = [...gradient.dataSync()].map((g, i) => g + (sums[path]?.[i] ?? 0));
    value.dispose();
    disposeTree(grads);
  }
  return { loss, grads: sums };
}

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeEach(async () => { await useDevice(device, { threads: 2 }); });

  describe.each([['llama', llama], ['gpt2', gpt2]] as const)('%s', (_name, model) => {
    test.each([['nll', nll(), examples], ['nll with weights', nll(), weighted], ['dft', dft(), examples], ['dft with weights', dft(), weighted]] as const)(
      'packed, side by side, padded and one by one: the same %s', (_kind, objective, given) => {
        const params = paramsOf(model);
        const alone = given.map((example) => toBatch([[example]]));
        const denominator = alone.reduce((sum, { targetCount }) => sum + targetCount, 0);
        const one = accumulated(model, params, { parts: alone, denominator, options: { objective } });
        const others = {
          packed: [toBatch(bfd(given, { length: 24 }))],
          'in two micro-batches': [...batchesInOrder(bfd(given, { length: 16 }), { batch: 2 })],
          padded: [toBatch(given.map((example) => [example]), { padToMultipleOf: 5, padId: 7 })],
          'padding-free': [...batches(given.map((example) => [example]), { batch: 4, epochs: 1, paddingFree: true })],
        };
        for (const [name, parts] of Object.entries(others)) {
          expect(parts.reduce((sum, { targetCount }) => sum + targetCount, 0)).toBe(denominator);
          const found = accumulated(model, params, { parts, denominator, options: { objective } });
          expectClose([found.loss], [one.loss], { tolerance: 1e-5, name });
          for (const [path, gradient] of Object.entries(found.grads)) expectClose(gradient, one.grads[path]!, { tolerance: 1e-5, name: `${name} ${path}` });
        }
        expect(others['padding-free'][0]!.rows).toBeLessThan(4);
        disposeTree(params);
      },
    );
  });

  test('the loss by hand: −Σ w ln p / targets, and −Σ w p ln p / targets', () => {
    const params = paramsOf(llama);
    const batch = toBatch(weighted.map((example) => [example]));
    const logits = llama.apply(params, { ids: tensor(batch.ids, [batch.rows, batch.length], 'int32') });
    const z = logits.dataSync();
    const before = memory().tensors;
    let [plain, dynamic] = [0, 0];
    batch.targets.forEach((target, i) => {
      if (target < 0) return;
      const row = [...z.slice(i * 61, (i + 1) * 61)];
      const logProb = row[target]! - Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
      plain -= batch.weights![i]! * logProb;
      dynamic -= batch.weights![i]! * Math.exp(logProb) * logProb;
    });
    const found = [sftLoss(llama), sftLoss(llama, { objective: dft() })].map((loss) => {
      const value = loss(params, batch);
      const [number = NaN] = value.dataSync();
      value.dispose();
      return number;
    });
    expectClose(found, [plain / batch.targetCount, dynamic / batch.targetCount], { tolerance: 1e-5 });
    expect(memory().tensors).toBe(before);
    logits.dispose();
    disposeTree(params);
  });

  test('metrics: the mean loss, likeliest tokens and entropy of all targets, in chunks or not', async () => {
    const params = paramsOf(llama);
    const many = Array.from({ length: 60 }, (_, i) => examples[i % 6]!);
    const found = await tokenMetrics(llama, params, { batches: batchesInOrder(many.map((example) => [example]), { batch: 60 }) });
    const few = await tokenMetrics(llama, params, { batches: batchesInOrder(examples.map((example) => [example]), { batch: 1 }) });
    const loss = sftLoss(llama)(params, toBatch(examples.map((example) => [example]))).dataSync()[0]!;
    expect(found.targets).toBeGreaterThan(256);
    expectClose([found.loss, found.entropy, found.meanTokenAccuracy], [loss, few.entropy, few.meanTokenAccuracy], { tolerance: 1e-5 });
    expect(found.perplexity).toBeCloseTo(Math.exp(loss), 1);
    disposeTree(params);
  });
});

describe('on wasm', () => {
  beforeEach(async () => { await useDevice('wasm', { threads: 2 }); });

  test('the gradient of dft does not go through its weight: −p', () => {
    const shape = [6];
    const values = [-0.1, -1, -2.5, 0, -0.4, -3];
    const { grads } = valueAndGrad(({ x }: { x: Tensor }) => sum(dft().ofLogProbs(x)))({ x: tensor(values, shape) });
    expectClose(grads.x!.dataSync(), values.map((value) => -Math.exp(value)), { tolerance: 1e-6 });
    // Through its weight it would be −p (1 + ln p): not that.
    expect(() => checkGradients((x) => dft().ofLogProbs(x), [{ shape, values }], { differentiate: (loss, [x]) => [valueAndGrad(({ x: given }: { x: Tensor }) => loss([given]))({ x: x! }).grads.x] })).toThrow('expected the gradient');
  });

  test('accumulating is by tokens of the whole step, not a mean of means', async () => {
    const rows = examples.map((example) => [example]);
    const run = async (batch: number, accumulate: number): Promise<{ loss: number; weight: number[] }> => {
      const params = paramsOf(gpt2);
      const steps = [];
      for await (const step of train({ params, loss: sftLoss(gpt2), batches: batchesInOrder(rows, { batch }), optimizer: sgd({ lr: 0.1 }), accumulate, clipNorm: Infinity })) steps.push(step.loss);
      const weight = [...(params as unknown as { transformer: { wte: { weight: Tensor } } }).transformer.wte.weight.dataSync()];
      disposeTree(params);
      return { loss: steps[0]!, weight };
    };
    const [whole, parts] = [await run(6, 1), await run(2, 3)];
    expectClose([parts.loss], [whole.loss], { tolerance: 1e-6 });
    expectClose(parts.weight, whole.weight, { tolerance: 1e-6 });
    const params = paramsOf(gpt2);
    const means = [...batchesInOrder(rows, { batch: 2 })].map((batch) => sftLoss(gpt2)(params, batch).dataSync()[0]!);
    expect(Math.abs(means.reduce((sum, loss) => sum + loss, 0) / 3 - whole.loss)).toBeGreaterThan(1e-3);
    disposeTree(params);
  });

  test('what cannot be trained on is refused', () => {
    expect(() => sftLoss(llama)({}, toBatch([[plainExample([3])]]))).toThrow('expected at least one target but found none. Check the mask with maskView');
    expect(() => sftLoss(llama)({}, toBatch([[plainExample(new Array<number>(40).fill(1))]]))).toThrow('expected rows of at most 32 tokens, the context of the model, but found 40');
    expect(() => sftLoss(llama, { neftuneAlpha: 0 })).toThrow('expected neftuneAlpha above 0 but found 0');
  });
});

test('a mixture of experts adds its load balance, whatever the weights of the targets', async () => {
  await useDevice('wasm', { threads: 2 });
  const moe = (coefficient: number): Model => createModel({
    model_type: 'mixtral', vocab_size: 61, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
    num_local_experts: 4, max_position_embeddings: 32, router_aux_loss_coef: coefficient,
  });
  const params = paramsOf(moe(0));
  const [first, second] = [examples, weighted].map((each) => toBatch([[each[0]!], [each[2]!]]));
  const added = (batch: SftBatch, options: SftLossOptions, denominator: number): number => {
    const [on, off] = [1, 0].map((coefficient) => {
      const loss = sftLoss(moe(coefficient), options)(params, batch, { denominator });
      const [value] = loss.dataSync();
      loss.dispose();
      return value!;
    });
    return on! - off!;
  };
  const whole = added(first!, {}, first!.targetCount);
  expect(whole).toBeGreaterThan(2);
  expect(added(first!, { objective: dft() }, first!.targetCount)).toBeCloseTo(whole, 4);
  expect(added(second!, {}, second!.targetCount)).toBeCloseTo(whole, 4);
  expect(added(first!, {}, 2 * first!.targetCount)).toBeCloseTo(whole / 2, 4);
  disposeTree(params);
});
