import type { Model, ModelConfig } from '@llm/model';
import { disposeTree, flatten, int8, leaves, memory, scope, tensor, type Tree, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { lossOf, text, trainedModel } from '../fixtures/trained-model.ts';
import {
  divergence, holdZeros, layerErrors, magnitude, prune, pruneCalibrated, pruneStructure, qualityReport, quantize, releaseZeros, rtn, sensitivity, smoothQuant, sparseGpt, structureImportance, wanda, weightErrors,
} from '../index.ts';
import { correlation, percentile, spread } from './statistics.ts';

let model: Model<ModelConfig>;
let params: Tree;
const held = [text(6, 1), text(5, 2)];

beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
  ({ model, params } = await trainedModel());
}, 60_000);

test('percentiles lie between neighbours: of 0, 1, 2, 3, 4 the median is 2 and a tenth of the way 0.4', () => {
  expect(percentile([0, 1, 2, 3, 4], 0.5)).toBe(2);
  expect(percentile([0, 1, 2, 3, 4], 0.1)).toBeCloseTo(0.4, 12);
  expect(spread([3, 1, 2])).toMatchObject({ mean: 2, median: 2, minimum: 1, maximum: 3 });
  expect(correlation([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
  expect(correlation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
});

describe('divergence', () => {
  test('is that of the definitions, from logits in 64 bits', async () => {
    const { params: small } = await quantize(params, { format: rtn({ bits: 3, groupSize: 32 }) });
    const before = memory().tensors;
    const found = await divergence({ model, params }, { model, params: small }, { batches: held });
    expect(memory().tensors).toBe(before);
    const rows: { base: Float64Array; changed: Float64Array; target: number }[] = [];
    for (const { ids, rows: count, length, targets } of held) {
      const [a, b] = [params, small].map((tree) => scope(() => model.apply(tree, { ids: tensor(ids, [count, length], 'int32') }).dataSync()));
      targets.forEach((target, at) => {
        if (target === -100) return;
        const logs = [a!, b!].map((logits) => {
          const row = Float64Array.from(logits.slice(at * 48, (at + 1) * 48));
          const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
          return row.map((value) => value - total);
        });
        rows.push({ base: logs[0]!, changed: logs[1]!, target });
      });
    }
    const kl = rows.map(({ base, changed }) => base.reduce((sum, value, i) => sum + Math.exp(value) * (value - changed[i]!), 0));
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const top = (values: Float64Array): number => values.indexOf(values.reduce((a, b) => Math.max(a, b)));
    expect(found.tokens).toBe(rows.length);
    expectClose([found.kld.mean, found.kld.maximum, found.kld.median], [mean(kl), Math.max(...kl), percentile(kl.toSorted((a, b) => a - b), 0.5)], { tolerance: 1e-4 });
    expectClose([found.basePerplexity, found.perplexity], [Math.exp(-mean(rows.map(({ base, target }) => base[target]!))), Math.exp(-mean(rows.map(({ changed, target }) => changed[target]!)))], { tolerance: 1e-4 });
    expect(found.sameTop).toBeCloseTo(mean(rows.map(({ base, changed }) => Number(top(base) === top(changed)))), 2);
    expect(found.sameTop + found.flips).toBeCloseTo(1, 12);
    expect(found.lnPerplexityCorrelation).toBeGreaterThan(0.97);
    expect(found.perplexityRatio).toBeCloseTo(found.perplexity / found.basePerplexity, 10);
  });

  test('of a model with itself is nothing', async () => {
    const found = await divergence({ model, params }, { model, params }, { batches: held });
    expect([found.kld.maximum, found.rmsDeltaP, found.flips, found.lnPerplexityRatio]).toEqual([0, 0, 0, 0]);
    await expect(divergence({ model, params }, { model, params }, { batches: [{ ...held[0]!, targets: held[0]!.targets.map(() => -100) }] })).rejects.toThrow('expected batches with targets but found none');
  });
});

test('a report tells which block was hurt, what moved, how small it is and how fast', async () => {
  // Only the second block in two bits.
  const { params: small } = await quantize(params, { format: rtn({ bits: 2, groupSize: 32 }), include: (path) => path.startsWith('model.layers.1.') });
  const found = await qualityReport({ model, params }, { model, params: small }, { batches: held, decodeTokens: 8 });
  expect(found.sensitivity.map(({ part }) => part)).toEqual(['model.layers.1']);
  expect(found.sensitivity[0]!.kld).toBeCloseTo(found.divergence.kld.mean, 6);
  expect(found.layers.map(({ name, relative }) => [name, relative > 0.01])).toEqual([
    ['model.layers.0.self_attn', false], ['model.layers.0.mlp', false], ['model.layers.1.self_attn', true], ['model.layers.1.mlp', true],
  ]);
  expect(found.weights.map(({ path }) => path)).toEqual(leaves(params).filter(([path]) => /layers\.1\..*_proj/.test(path)).map(([path]) => path));
  const mse = found.weights.find(({ path }) => path.endsWith('up_proj.weight'))!;
  expect(mse.relative).toBeGreaterThan(0.2);
  const base = Object.values(flatten(params)).reduce((sum, { size }) => sum + 4 * size, 0);
  expect(found.bytes.base).toBe(base);
  // Of two bits four are stored, and a scale for 32.
  const inBlock = 4 * 64 * 64 + 3 * 64 * 128;
  expect(found.bytes.changed).toBe(base - 4 * inBlock + inBlock / 2 + inBlock / 8);
  expect(found.tokensPerSecond!.base).toBeGreaterThan(0);
  const byMatrix = await sensitivity({ model, params }, { params: small }, { batches: held, by: 'matrix' });
  expect(byMatrix).toHaveLength(7);
  expect(byMatrix[0]!.kld).toBeGreaterThanOrEqual(byMatrix[6]!.kld);
});

test('SmoothQuant changes no logit, and makes every factor s = √(max|X| / max|W|)', async () => {
  const smooth = await smoothQuant(model, params, { batches: held });
  const logits = (tree: Tree): Float32Array => scope(() => model.apply(tree, { ids: tensor(held[0]!.ids, [6, 32], 'int32') }).dataSync() as Float32Array);
  expectClose(logits(smooth), logits(params), { tolerance: 1e-4 });
  const norm = 'model.layers.0.input_layernorm.weight';
  const factors = flatten(params)[norm]!.dataSync().map((value, i) => value / flatten(smooth)[norm]!.dataSync()[i]!);
  const largest = (tree: Tree): Float32Array => ['q', 'k', 'v'].map((name) => flatten(tree)[`model.layers.0.self_attn.${name}_proj.weight`]!.dataSync() as Float32Array).reduce((most, values) => {
    values.forEach((value, at) => { most[at % 64] = Math.max(most[at % 64]!, Math.abs(value)); });
    return most;
  }, new Float32Array(64));
  // W moves by s, so the new maximum is √(max|X| · max|W|): that of X divided by s.
  largest(smooth).forEach((value, i) => expect(value / largest(params)[i]!).toBeCloseTo(factors[i]!, 4));
  const [plain, better] = await Promise.all([params, smooth].map(async (tree) => layerErrors({ model, params }, { model, params: (await quantize(tree, { format: int8({ blockSize: 64 }) })).params }, { batches: held })));
  expect(plain!.length).toBe(better!.length);
  await expect(smoothQuant(model, params, { batches: held, alpha: 2 })).rejects.toThrow('expected an alpha from 0 to 1');
});

describe('pruning a model', () => {
  const sparsity = 0.5;
  const calibration = [text(8, 7), text(8, 8)];

  test('SparseGPT loses less than Wanda and magnitude', async () => {
    const kld = async (tree: Tree): Promise<number> => (await divergence({ model, params }, { model, params: tree }, { batches: held })).kld.mean;
    const bySize = await prune(params, { pruner: magnitude({ sparsity }) });
    const seen: string[] = [];
    const byWanda = await pruneCalibrated(model, params, { pruner: wanda({ sparsity }), batches: calibration, onProgress: ({ path }) => seen.push(path) });
    const byHessian = await pruneCalibrated(model, params, { pruner: sparseGpt({ sparsity }), batches: calibration });
    const found = { magnitude: await kld(bySize), wanda: await kld(byWanda), sparseGpt: await kld(byHessian) };
    expect(found.sparseGpt).toBeLessThan(found.wanda);
    expect(found.sparseGpt).toBeLessThan(found.magnitude);
    expect(seen).toHaveLength(14);
    const zeros = (tree: Tree): number => Object.entries(flatten(tree)).filter(([path]) => path.includes('_proj')).reduce((count, [, each]) => count + each.dataSync().filter((value) => value === 0).length, 0);
    for (const tree of [byWanda, byHessian]) expect(Math.abs(zeros(tree) / (2 * (4 * 64 * 64 + 3 * 64 * 128)) - sparsity)).toBeLessThan(0.01);
    expect((await weightErrors(params, byWanda)).length).toBe(14);
    for (const tree of [bySize, byHessian]) disposeTree(Object.fromEntries(leaves(tree).filter(([path]) => path.includes('_proj')).map(([, leaf], i) => [String(i), leaf])));
  });

  test('zeros stay zeros while the rest learns what was lost', async () => {
    const pruned = await prune(params, { pruner: magnitude({ pattern: [2, 4] }) });
    // The tensors are trained in place.
    const first = Object.fromEntries(Object.entries(flatten(pruned)).map(([path, each]) => [path, each.dataSync().slice()]));
    const kept = await holdZeros(pruned);
    const before = await divergence({ model, params }, { model, params: pruned }, { batches: held });
    const loss = lossOf(model);
    // Norms and the embedding are the caller's, so the test trains the pruned matrices alone.
    for await (const _ of train({ params: kept, loss, batches: Array.from({ length: 25 }, (_, i) => text(8, 200 + i)), optimizer: adamw({ lr: 1e-3, weightDecay: 0.1 }), trainable: (path) => path.includes('_proj') })) void _;
    const released = releaseZeros(kept);
    const after = await divergence({ model, params }, { model, params: released }, { batches: held });
    expect(after.perplexity).toBeLessThan(before.perplexity);
    for (const [path, each] of Object.entries(flatten(released)).filter(([path]) => path.includes('_proj'))) {
      const values = each.dataSync();
      expect(values.some((value, i) => value !== first[path]![i])).toBe(true);
      for (let i = 0; i < values.length; i += 4) expect([0, 1, 2, 3].filter((k) => values[i + k] === 0).length).toBeGreaterThanOrEqual(2);
    }
  });

  test('a narrower model keeps most of what the wide one knew', async () => {
    const small = pruneStructure(model, params, { importance: await structureImportance(model, params, { batches: calibration }), mlpWidth: 96 });
    const worst = pruneStructure(model, params, { importance: { ...await structureImportance(model, params, { batches: calibration }), neurons: [0, 1].map(() => Float64Array.from({ length: 128 }, (_, i) => i)) }, mlpWidth: 96 });
    const [byImportance, byPlace] = await Promise.all([small, worst].map((made) => divergence({ model, params }, made, { batches: held })));
    expect(byImportance!.kld.mean).toBeLessThan(byPlace!.kld.mean);
    const report = await qualityReport({ model, params }, small, { batches: held });
    expect(report.bytes.base - report.bytes.changed).toBe(2 * 3 * 64 * 32 * 4);
    expect(report.layers).toEqual([]);
  });
});
