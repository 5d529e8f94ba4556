import { readFileSync } from 'node:fs';
import { createModel, paramsFromTensors } from '@llm/model';
import { disposeTree, memory, readSafetensors, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { beforeAll, expect, test } from 'vitest';
import { keepStart } from '../data/truncate.ts';
import { dpo } from '../losses/dpo.ts';
import { pairBatch, type TokenizedPair } from './pair-batch.ts';
import { evaluatePairs, type PairMetrics, watchPairs } from './pair-metrics.ts';
import { preferenceLoss } from './preference-loss.ts';
import { precomputeReference } from './reference.ts';

const golden = (name: string): Buffer => readFileSync(new URL(`../../../../tests/golden/models/llama/${name}`, import.meta.url));
const stored = JSON.parse(readFileSync(new URL('../../fixtures/trajectories.json', import.meta.url), 'utf8')) as { tokenized: TokenizedPair[]; dpo: { losses: number[]; metrics: Record<string, number[]> } };
const model = createModel(JSON.parse(golden('config.json').toString()) as Record<string, unknown>);

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

test('what TRL logs in ten steps, from a watch while training and from an evaluation', async () => {
  const params: Tree = paramsFromTensors(model, readSafetensors(golden('model.safetensors')).tensors);
  const cut = keepStart({ maxTokens: 16 });
  const pairs = await precomputeReference(model, params, { pairs: stored.tokenized.flatMap((pair) => cut(pair) ?? []).slice(0, 40) });
  const batches = Array.from({ length: 20 }, (_, i) => pairBatch(pairs.slice(2 * i, 2 * i + 2)));
  const { metrics } = stored.dpo;
  const expected = (step: number): Omit<PairMetrics, 'pairs'> => ({
    chosenReward: metrics['rewards/chosen']![step]!, rejectedReward: metrics['rewards/rejected']![step]!, margin: metrics['rewards/margins']![step]!,
    accuracy: metrics['rewards/accuracies']![step]!, chosenLogProb: metrics['logps/chosen']![step]!, rejectedLogProb: metrics['logps/rejected']![step]!,
  });
  const compare = (found: PairMetrics, step: number): void => {
    for (const [name, value] of Object.entries(expected(step))) {
      // Before the first step policy and reference are equal, and which reward is larger is rounding.
      if (step === 0 && name === 'accuracy') continue;
      expectClose([found[name as keyof PairMetrics]], [value], { tolerance: 1e-4, name: `${name} of step ${step}` });
    }
  };
  const before = memory().tensors;
  const watch = watchPairs({ batches: 2 });
  const loss = preferenceLoss(model, { loss: dpo(), capture: watch.capture });
  for await (const step of train({ params, loss, batches, optimizer: adamw({ lr: 1e-3, beta2: 0.999, weightDecay: 0 }), accumulate: 2 })) {
    const found = await watch.read();
    expect(found!.pairs).toBe(4);
    compare(found!, step.index);
    expect(await watch.read()).toBeUndefined();
    if (step.index !== 1) continue;
    // What the next step is about to see; TRL averages its two micro-batches, which have unequal numbers of tokens.
    const each = await Promise.all([4, 5].map(async (i) => evaluatePairs(model, params, { batches: [batches[i]!], loss: dpo() })));
    const found2 = await evaluatePairs(model, params, { batches: batches.slice(4, 6), loss: dpo() });
    compare(found2, 2);
    expectClose([found2.loss!], [stored.dpo.losses[2]!], { tolerance: 1e-4 });
    expectClose([(each[0]!.chosenLogit + each[1]!.chosenLogit) / 2, (each[0]!.rejectedLogit + each[1]!.rejectedLogit) / 2], [metrics['logits/chosen']![2]!, metrics['logits/rejected']![2]!], { tolerance: 1e-4 });
  }
  expect(memory().tensors).toBe(before);
  await expect(evaluatePairs(model, params, { batches: [] })).rejects.toThrow('evaluatePairs: expected at least one batch but found none');
  disposeTree(params);
});

test('a watch holds no more than it was told', async () => {
  const params = model.init(0);
  const batch = pairBatch([{ prompt: [5], chosen: [6], rejected: [7, 8] }]);
  const watch = watchPairs();
  const loss = preferenceLoss(model, { loss: dpo(), reference: params, capture: watch.capture });
  const [first, second] = [loss(params, batch), loss(params, batch)];
  const { pairs, margin } = (await watch.read())!;
  expect([pairs, margin]).toEqual([1, 0]);
  first.dispose();
  second.dispose();
  expect(() => watchPairs({ batches: 0 })).toThrow('watchPairs: expected batches to be a whole number from 1 on but found 0');
  disposeTree(params);
});
