// GRPO from sampling to update: a tiny model, trained from scratch, learns to count on by nothing or by one, modulo ten, which only a reward tells it.
import { createModel } from '@llm/model';
import { disposeTree, memory, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { beforeAll, expect, test } from 'vitest';
import { sharedPrefix } from '../offline/layouts.ts';
import { rewardRound } from '../rewards/reward.ts';
import { unscaled } from './advantages/advantage-scale.ts';
import { groupAdvantages } from './advantages/group-advantages.ts';
import { dapo } from './objectives/dapo.ts';
import { policyBatch, type PolicyBatch } from './policy-batch.ts';
import { policyLoss } from './policy-loss.ts';
import { rollouts } from './rollouts.ts';

const model = createModel({
  model_type: 'llama', vocab_size: 12, hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 4,
  max_position_embeddings: 8, initializer_range: 0.1, tie_word_embeddings: false,
});
const SUM = 10;
const tasks = Array.from({ length: 10 }, (_, a) => Array.from({ length: 2 }, (_, b) => ({ ids: [a, b, SUM], answer: (a + b) % 10 }))).flat();

beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
  // The first run keeps the tables of the rotation.
  const params = model.init(0);
  for await (const _ of rollouts(model, params, [tasks], { samples: 1, maxTokens: 1 }));
  disposeTree(params);
});

test.each([0, 1, 2])('from under 30 % to over 90 % right, seed %i', async (seed) => {
  const params = model.init(seed);
  const objective = dapo();
  const shares: number[] = [];
  const before = memory().tensors;
  async function* batches(): AsyncGenerator<PolicyBatch> {
    for await (const round of rollouts(model, params, Array.from({ length: 100 }, () => tasks), { samples: 16, maxTokens: 1, eosIds: [], seed })) {
      const { rewards } = await rewardRound(round, { rewards: [({ ids, prompt }) => Number(ids[0] === prompt.answer)] });
      shares.push(rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length);
      if (shares.at(-1)! > 0.97) return;
      yield policyBatch(round, { objective, advantages: groupAdvantages(rewards, { samples: 16, scale: unscaled }), layout: sharedPrefix() });
    }
  }
  for await (const step of train({ params, loss: policyLoss(model, objective), batches: batches(), optimizer: adamw({ lr: 2e-3, weightDecay: 0 }) })) expect(step.loss).not.toBeNaN();
  expect(shares[0]).toBeLessThan(0.3);
  expect(shares.at(-1)).toBeGreaterThan(0.9);
  expect(memory().tensors).toBe(before);
  disposeTree(params);
});
