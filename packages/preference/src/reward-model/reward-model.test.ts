// Reward models beside TRL's RewardTrainer and transformers' LlamaForSequenceClassification, from fixtures/trajectories.*.
import { readFileSync } from 'node:fs';
import { createModel, type ModelConfig, paramsFromTensors, tensorsFromParams } from '@llm/model';
import { disposeTree, flatten, memory, mul, ones, readSafetensors, type RawTensor, scope, sum, type Tensor, tensor, toFloat32, type Tree, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { beforeAll, describe, expect, test } from 'vitest';
import { filterLongPairs } from '../data/filter-long-pairs.ts';
import { pairBatch, type TokenizedPair } from '../offline/pair-batch.ts';
import { bradleyTerry, rewardLoss } from './bradley-terry.ts';
import { rewardConfig } from './reward-config.ts';
import { sequenceScores, tokenScores } from './scores.ts';
import { type HeadedModel, withHead } from './with-head.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));
const golden = (name: string): Buffer => readFileSync(new URL(`../../../../tests/golden/models/llama/${name}`, import.meta.url));
interface Stored {
  readonly pairs: { readonly prompt: number[]; readonly chosen: number[]; readonly rejected: number[]; readonly margin: number }[];
  readonly tokenized: TokenizedPair[];
  readonly reward: { readonly losses: number[]; readonly grad_norms: number[]; readonly kept: number };
  readonly reward_scores: number[];
  readonly reward_config: Record<string, unknown>;
  readonly reward_names: string[];
}
const stored = JSON.parse(fixture('trajectories.json').toString()) as Stored;
const tensors: ReadonlyMap<string, RawTensor> = readSafetensors(fixture('trajectories.safetensors')).tensors;
const causal = createModel(JSON.parse(golden('config.json').toString()) as Record<string, unknown>);
const model: HeadedModel<ModelConfig> = withHead(causal);
const saved = new Map([...tensors].filter(([name]) => name.startsWith('reward.') && name !== 'reward.initial').map(([name, raw]) => [name.slice(7), raw]));
const END = 2;

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const initial = (): Tree => {
  const whole = paramsFromTensors(causal, readSafetensors(golden('model.safetensors')).tensors);
  const params = model.from(whole, { seed: 0 });
  disposeTree(whole.lm_head as Tree);
  (params.score as { weight: Tensor }).weight.dispose();
  return { ...params, score: { weight: tensor(toFloat32(tensors.get('reward.initial')!), [1, 32]) } };
};

test('ten steps have TRL\'s losses, gradient norms and weights, with margins, centering and long pairs left out', async () => {
  const all = stored.pairs.map(({ prompt, chosen, rejected, margin }): TokenizedPair => ({ prompt, chosen: [...chosen, END], rejected: [...rejected, END], margin }));
  const { kept, dropped } = filterLongPairs(all, { maxTokens: 16 });
  expect([kept.length, kept.length + dropped.length]).toEqual([stored.reward.kept, all.length]);
  const params = initial();
  const batches = Array.from({ length: 20 }, (_, i) => pairBatch(kept.slice(2 * i, 2 * i + 2)));
  // The first run makes the model's rotary tables.
  scope(() => sequenceScores(model, params, batches[0]!));
  const before = memory().tensors;
  const losses: number[] = [];
  const norms: number[] = [];
  for await (const step of train({ params, loss: rewardLoss(model, { centering: 0.01 }), batches, optimizer: adamw({ lr: 1e-3, beta2: 0.999, weightDecay: 0 }), accumulate: 2 })) {
    losses.push(step.loss);
    norms.push(step.gradNorm);
  }
  expectClose(losses, stored.reward.losses, { tolerance: 1e-4, name: 'losses' });
  expectClose(norms, stored.reward.grad_norms, { tolerance: 1e-4, name: 'grad_norms' });
  const flat = flatten(params);
  for (const [name, raw] of saved) expectClose(flat[name]!.dataSync(), toFloat32(raw), { tolerance: 1e-4, name });
  expect(memory().tensors).toBe(before);
  disposeTree(params);
});

describe('checkpoints of AutoModelForSequenceClassification', () => {
  test('one that transformers wrote loads by its names and gives its scores', () => {
    const params = paramsFromTensors(model, saved);
    const found = stored.tokenized.slice(0, 6).flatMap(({ prompt, chosen, rejected }) => [...scope(() => sequenceScores(model, params, pairBatch([{ prompt, chosen, rejected }])).dataSync())].slice(0, 1));
    expectClose(found, stored.reward_scores, { tolerance: 1e-4, name: 'scores' });
    disposeTree(params);
  });

  test('ours has transformers\' names, shapes and class, and no head over the vocabulary', async () => {
    const params = model.init(3);
    const written = await tensorsFromParams(model, params);
    expect([...written.keys()].toSorted()).toEqual(stored.reward_names);
    for (const [name, raw] of saved) expect(written.get(name)!.shape).toEqual(raw.shape);
    expect(rewardConfig(model, { padId: 0 })).toMatchObject({ ...stored.reward_config, id2label: { 0: 'LABEL_0' } });
    expect(() => rewardConfig(model, { padId: 96 })).toThrow('rewardConfig: expected padId below the vocabulary of 96 but found 96');
    expect(() => rewardConfig(withHead(causal, { name: 'value' }), { padId: 0 })).toThrow('expected a head called score');
    disposeTree(params);
  });
});

test('bradleyTerry: ln 2 for equal rewards, margins and centering by hand, and swapping negates the difference', () => {
  const of = (chosen: number, rejected: number, more: { margin?: number; centering?: number } = {}): number => scope(() => bradleyTerry({
    chosen: tensor([chosen]), rejected: tensor([rejected]), ...(more.margin === undefined ? {} : { margin: tensor([more.margin]) }),
  }, { centering: more.centering ?? 0 }).dataSync()[0]!);
  expect(of(3, 3)).toBeCloseTo(Math.LN2, 6);
  expect(of(2, 1)).toBeCloseTo(Math.log(1 + Math.exp(-1)), 6);
  expect(of(2, 1, { margin: 1 })).toBeCloseTo(Math.LN2, 6);
  expect(of(2, 1, { centering: 0.01 })).toBeCloseTo(Math.log(1 + Math.exp(-1)) + 0.09, 6);
  // −ln σ(d) − (−ln σ(−d)) = −d
  expect(of(2, 1) - of(1, 2)).toBeCloseTo(-1, 6);
  expect(() => of(1, 1, { centering: -1 })).toThrow('bradleyTerry: expected centering from 0 on but found -1');
});

describe('withHead', () => {
  test('a head with a bias and three labels gives three numbers for each token, and has a gradient', () => {
    const headed = withHead(causal, { labels: 3, bias: true, name: 'classifier' });
    const params = headed.init(1);
    expect(Object.keys(params)).toEqual(['model', 'classifier']);
    const batch = pairBatch([{ prompt: [5, 6], chosen: [7, 8], rejected: [9] }]);
    expect(scope(() => tokenScores(headed, params, batch)).shape).toEqual([2, 4, 3]);
    expect(scope(() => sequenceScores(headed, params, batch)).shape).toEqual([2, 3]);
    const { grads } = valueAndGrad((p: Tree) => sum(headed.head(p, mul(ones([1, 32]), 2))))(params);
    expect([...grads['classifier.bias']!.dataSync()]).toEqual([1, 1, 1]);
    expect(() => rewardLoss(headed)).toThrow('rewardLoss: expected a head with one label but found 3');
    disposeTree(params);
  });

  test('one number for each token is what the head says there', () => {
    const params = initial();
    const batch = pairBatch([{ prompt: [5, 6], chosen: [7, 8], rejected: [9] }]);
    const all = scope(() => tokenScores(model, params, batch).dataSync());
    const last = scope(() => sequenceScores(model, params, batch).dataSync());
    expect([...batch.ends]).toEqual([3, 6]);
    expectClose(last, [all[3]!, all[6]!]);
    disposeTree(params);
  });

  test('a tree without the head, and a number of labels that is none, are refused', () => {
    const params = causal.init(0);
    expect(() => model.head(params, ones([1, 32]))).toThrow('withHead: expected score.weight in the tree but found none. Make the tree with init or from.');
    expect(() => withHead(causal, { labels: 0 })).toThrow('withHead: expected labels to be a whole number from 1 on but found 0');
    disposeTree(params);
  });
});
