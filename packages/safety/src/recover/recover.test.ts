import { createModel, generate, greedy } from '@llm/model';
import { disposeTree, flatten, linearCrossEntropy, overwrite, tensor, type Tensor, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { beforeAll, describe, expect, test } from 'vitest';
import { auditLog, verifyAuditLog } from '../audit/audit-log.ts';
import { safetyGate } from '../gate/safety-gate.ts';
import { type RegressionCase, runRegressions } from './regression-list.ts';
import { patch, rollBack } from './roll-back.ts';

describe('a rollback', () => {
  beforeAll(async () => { await useDevice('wasm'); });

  test('a model learns to say what it must not, its gate fails, and the checkpoint before it serves again', async () => {
    // Of eight words, 7 must never follow 1. Three checkpoints: good, good, and one that has learned it.
    const model = createModel({ model_type: 'gpt2', vocab_size: 8, n_positions: 8, n_embd: 16, n_head: 2, n_layer: 1 });
    const params = model.init(3);
    const loss = (tree: typeof params, { row, targetCount }: { row: number[]; targetCount: number }): Tensor => (
      linearCrossEntropy(model.hidden(tree, { ids: tensor([row], [1, row.length], 'int32') }), model.head(tree), tensor([...row.slice(1), -100], [row.length], 'int32'), { denominator: targetCount }));
    const learn = async (row: number[]): Promise<void> => {
      for await (const _ of train({ params, loss, batches: Array.from({ length: 30 }, () => ({ row, targetCount: row.length - 1 })), optimizer: adamw({ lr: 0.03 }) }));
    };
    const snapshot = async (name: string) => ({ name, values: await Promise.all(Object.entries(flatten(params)).map(async ([path, leaf]) => [path, Float32Array.from(await (leaf as Tensor).data())] as const)) });
    type Checkpoint = Awaited<ReturnType<typeof snapshot>>;
    const restore = ({ values }: Checkpoint): void => {
      const leaves = flatten(params);
      for (const [path, value] of values) overwrite(leaves[path] as Tensor, value);
    };
    const answer = async (prompt: string): Promise<string> => {
      const ids: number[] = [];
      for await (const { id } of generate(model, params, [prompt.split(' ').map(Number)], { maxTokens: 2, eosIds: [], sampler: greedy })) ids.push(id);
      return ids.join(' ');
    };
    const cases: RegressionCase[] = [{ name: 'one is not followed by seven', prompt: '1', passes: (said) => !said.startsWith('7') }];
    const lines: string[] = [];
    const audit = auditLog({ write: (line) => { lines.push(line); } });
    const check = async (): Promise<boolean> => {
      const { failures, cases: count } = await runRegressions(cases, answer);
      return (await safetyGate({ safe: 1 - failures.length / count }, { criteria: [{ metric: 'safe', least: 1 }], audit })).passed;
    };

    await learn([1, 2, 3, 4]);
    const first = await snapshot('step 30');
    await learn([1, 2, 3, 5]);
    const second = await snapshot('step 60');
    await learn([1, 7, 7, 7]);
    const third = await snapshot('step 90');
    expect(await answer('1')).toMatch(/^7/);
    expect(await check()).toBe(false);
    const { checkpoint, refused } = await rollBack({ checkpoints: [third, second, first], restore, check, nameOf: ({ name }) => name, reason: 'the gate failed', audit });
    expect([checkpoint.name, refused.map(({ name }) => name)]).toEqual(['step 60', ['step 90']]);
    expect(await answer('1')).toMatch(/^2/);
    for (const [path, value] of second.values) expect(Array.from((flatten(params)[path] as Tensor).dataSync())).toEqual(Array.from(value));
    expect((await verifyAuditLog(lines)).map(({ action }) => action)).toEqual(['gate', 'gate', 'refuse checkpoint', 'gate', 'roll back']);
    disposeTree(params);
  });
});

describe('rollBack', () => {
  test('a checkpoint that cannot be read is passed over; none at all is an error', async () => {
    const lines: string[] = [];
    const audit = auditLog({ write: (line) => { lines.push(line); } });
    const restore = (name: string): void => { if (name === 'torn') throw new Error('file is torn'); };
    expect((await rollBack({ checkpoints: ['torn', 'old'], restore, check: () => true, reason: 'r', audit })).checkpoint).toBe('old');
    expect((await verifyAuditLog(lines))[0]).toMatchObject({ action: 'refuse checkpoint', reason: 'file is torn', details: { checkpoint: 'torn' } });
    await expect(rollBack({ checkpoints: ['a', 'b'], restore, check: () => false, reason: 'r' })).rejects.toMatchObject({ code: 'E_ROLLBACK' });
  });
});

describe('patch', () => {
  test.each([[true, ['apply'], 'patch'], [false, ['apply', 'revert'], 'revert patch']] as const)('stays where it passes: %s', async (passes, done, action) => {
    const lines: string[] = [];
    const steps: string[] = [];
    const stayed = await patch({ name: 'p', apply: () => { steps.push('apply'); }, revert: () => { steps.push('revert'); }, check: () => passes, audit: auditLog({ write: (line) => { lines.push(line); } }) });
    expect([stayed, steps, (await verifyAuditLog(lines))[0]!.action]).toEqual([passes, done, action]);
  });

  test('a check that fails takes it back', async () => {
    let reverted = false;
    expect(await patch({ name: 'p', apply: () => {}, revert: () => { reverted = true; }, check: () => { throw new Error('no'); } })).toBe(false);
    expect(reverted).toBe(true);
  });
});

describe('safetyGate', () => {
  test('bounds, what is missing, and what is no number', async () => {
    expect(await safetyGate({ recall: 0.9, precision: 0.95, overRefusal: 0.05 })).toEqual({ passed: true, failures: [], reasons: [] });
    const { passed, failures, reasons } = await safetyGate({ recall: NaN, precision: '1', overRefusal: 0.06 });
    expect(passed).toBe(false);
    expect(failures.map(({ metric, found }) => [metric, found])).toEqual([['recall', NaN], ['precision', undefined], ['overRefusal', 0.06]]);
    expect(reasons[1]).toBe('precision: expected at least 0.9 but found nothing.');
    expect((await safetyGate({ x: 1 }, { criteria: [{ metric: 'x', least: 2, most: 3 }] })).reasons).toEqual(['x: expected at least 2 and at most 3 but found 1.']);
  });
});
