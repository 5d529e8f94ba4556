import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel, flopsPerToken, trainingMemory } from '@llm/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import type { Saving } from '../cost/savings.ts';
import { conversations, writeRecords, writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo, TINY_CONFIG, writeTinyText } from '../fixtures/tiny-run.ts';
import { commands } from './index.ts';

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'plan-'));
  await writeTinyModel(cwd);
  writeTinyText(cwd);
  writeRecords(cwd, 'talks.jsonl', conversations);
  writeFileSync(join(cwd, 'config.json'), JSON.stringify({ ...TINY_CONFIG, num_hidden_layers: 2 }));
});
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });

const llm = async (...argv: string[]): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd);
  const code = await runCli(argv, { commands, version: '0', io });
  return { code, ...io.written };
};
interface Planned {
  readonly id: string;
  readonly plan?: { readonly work: { readonly steps: number; readonly batch: number; readonly length: number; readonly adapter: boolean }; readonly tokens: number; readonly memory: { readonly peak: number }; readonly cost: { readonly seconds: number; readonly flops: number; readonly kwh?: number; readonly money?: number }; readonly how: string };
  readonly done?: { readonly seconds: number };
}

const CONFIG = { ...TINY_CONFIG, num_hidden_layers: 2, vocab_size: 300, bos_token_id: 0, eos_token_id: 0 };

test('flags of one training: memory as the model has it, operations by the formula, time as this machine takes', async () => {
  const { code, out, err } = await llm('plan', '--config', 'config.json', '--vocab-size', '300', '--steps', '7', '--batch', '2', '--length', '16', '--watts', '100', '--price-per-kwh', '0.5', '--device', 'wasm', '--json');
  expect([code, err]).toEqual([0, '']);
  const found = JSON.parse(out) as { steps: Planned[]; savings: { savings: Saving[]; together: number } };
  const { plan } = found.steps[0]!;
  const model = createModel(CONFIG);
  expect(plan!.memory.peak).toBe(trainingMemory(model, { batch: 2, length: 16, checkpointed: false, accumulate: 1 }).peak);
  expect(plan!.tokens).toBe(7 * 2 * 16);
  expect(plan!.cost.flops).toBeCloseTo(flopsPerToken(model, { length: 16 }).training * 7 * 32, 0);
  expect(plan!.how).toBe('measured');
  expect(plan!.cost.kwh).toBeCloseTo((100 * plan!.cost.seconds) / 3.6e6, 12);
  expect(plan!.cost.money).toBeCloseTo(plan!.cost.kwh! * 0.5, 12);
  const savings = new Map(found.savings.savings.map((each) => [each.name, each]));
  expect([...savings.keys()]).toEqual(['cleaning', 'compression', 'mixture of experts', 'mixed precision', 'activation checkpointing']);
  expect(savings.get('cleaning')).toMatchObject({ says: 'no text was read' });
  expect(savings.get('compression')).toMatchObject({ how: 'measured', of: 'model' });
  expect(savings.get('compression')!.factor).toBeGreaterThan(0);
  expect(savings.get('mixed precision')).toMatchObject({ says: 'wasm has no half precision' });
  expect(found.savings.together).toBeLessThanOrEqual(1);
});

test('a recipe: each training by the model that it will have, what is done as it was, the rest found out by running it', async () => {
  writeFileSync(join(cwd, 'recipe.yaml'), JSON.stringify({
    lifecycle: 'planned', values: { text: ['text'] }, steps: {
      clean: { run: 'data', with: { paths: '${text}', filters: 'none' } },
      base: { run: 'pretrain', with: { data: ['${clean}'], config: 'config.json', 'vocab-size': 300, steps: 3, batch: 2, length: 16, filters: 'none' } },
      lora: { run: 'lora', with: { model: '${base}', data: ['talks.jsonl'], epochs: 2, batch: 4, 'max-length': 48 } },
    },
  }));
  const planned = async (): Promise<Map<string, Planned>> => {
    const { code, out, err } = await llm('plan', 'recipe.yaml', '--device', 'wasm', '--json');
    expect([code, err]).toEqual([0, '']);
    return new Map((JSON.parse(out) as { steps: Planned[] }).steps.map((each) => [each.id, each]));
  };
  const first = await planned();
  expect(first.get('clean')).toEqual({ id: 'clean', run: 'data' });
  expect(first.get('base')!.plan!.work).toMatchObject({ steps: 3, batch: 2, length: 16 });
  // 24 records in batches of 4, twice.
  expect(first.get('lora')!.plan!.work).toMatchObject({ steps: 12, batch: 4, length: 48, adapter: true });
  const trained = createModel(CONFIG);
  expect(first.get('lora')!.plan!.memory.peak).toBeLessThan(trainingMemory(trained, { batch: 4, length: 48 }).peak);
  await llm('run', 'recipe.yaml', '--device', 'wasm', '--json', '--set', 'lora.steps=1');
  const later = await planned();
  expect([...later].map(([id, { done }]) => [id, done !== undefined])).toEqual([['clean', true], ['base', true], ['lora', false]]);
});

test('for people: a table, the memory by parts, and savings beside those of the article', async () => {
  const { out } = await llm('plan', '--config', 'config.json', '--vocab-size', '300', '--data', 'text', '--steps', '2', '--batch', '2', '--length', '16', '--device', 'wasm', '--price-per-hour', '1');
  expect(out).toMatch(/step +command +parameters +steps +tokens +memory +time +by +work +money\npretrain +pretrain /);
  expect(out).toContain('state of the optimizer');
  expect(out).toMatch(/cleaning +data +0\.8 +[\d.e-]+ +measured +the filters keep \d+ % of the text/);
  expect(out).toContain('in the article.');
  expect(out).toContain(': it fits.');
  expect((await llm('plan', 'recipe.yaml', '--steps', '2')).err).toContain('expected a recipe or flags of a training but found recipe.yaml and --steps');
});
