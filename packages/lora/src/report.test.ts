import { ones, useDevice } from '@llm/tensor';
import { beforeAll, expect, test } from 'vitest';
import { goldenModel } from './fixtures/golden.ts';
import { lora } from './lora.ts';
import { quantizeBase } from './quantize-base.ts';
import { adapterReport, adviseRank } from './report.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

test('counts what is trained, shared tensors once, and the bytes of gradients and optimizer', async () => {
  const { params } = goldenModel('gpt2');
  const report = adapterReport(lora(params, { targets: ['c_attn'], rank: 2, modulesToSave: ['lm_head'] }));
  // Two layers of 2 · (24 + 72), and a head of 96 · 24 of its own beside the embedding.
  const trained = 2 * 2 * 96 + 96 * 24;
  expect(report).toMatchObject({ trained, adapterBytes: 4 * trained, gradientBytes: 4 * trained, optimizerBytes: 8 * trained });
  expect(report.total - trained).toBe(adapterReport(params).total);
  expect(adapterReport(params)).toMatchObject({ trained: 0, share: 0 });
  const small = adapterReport(await quantizeBase(params));
  expect(small.baseBytes).toBeLessThan(0.45 * adapterReport(params).baseBytes);
});

test('advises a rank of the band of the task that fits the budget: 4 · 4 · 128 bytes a rank', () => {
  const params = { proj: { weight: ones([64, 64]) } };
  const advise = (options: object): unknown => {
    const { rank, alpha, bytes, note } = adviseRank(params, { targets: ['proj'], ...options });
    return [rank, alpha, bytes, note !== ''];
  };
  expect(advise({ complexity: 'simple' })).toEqual([8, 16, 16_384, false]);
  expect(advise({ complexity: 'complex' })).toEqual([32, 64, 65_536, false]);
  expect(advise({ complexity: 'complex', budgetBytes: 40_000 })).toEqual([16, 32, 32_768, false]);
  expect(advise({ complexity: 'complex', budgetBytes: 10_000 })).toEqual([4, 8, 8192, true]);
  expect(advise({ complexity: 'simple', budgetBytes: 10 })).toEqual([1, 2, 2048, true]);
  expect(adviseRank({ proj: { weight: ones([8, 64]) } }, { targets: ['proj'] }).note).toContain('The smallest matrix has rank 8');
});
