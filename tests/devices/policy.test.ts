// Sampling and policy objectives on a graphics card: the numbers of wasm.
import { askedDevices } from '@llm/kernels';
import { createModel, generate, type GeneratedToken, temperature } from '@llm/model';
import { cispo, completionRows, dapo, gspo, groupAdvantages, type Objective, onlineDpo, policyBatch, policyLoss, rollouts, type Round, scoreTokens, separateRows, sharedPrefix, vespo } from '@llm/preference';
import { expectClose } from '@llm/testing';
import { useDevice, valueAndGrad } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { describe, expect, test } from 'vitest';

const model = createModel({
  model_type: 'llama', vocab_size: 40, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
  max_position_embeddings: 24, initializer_range: 0.3, eos_token_id: 38,
});
const completion = (...ids: number[]) => ({ ids: Int32Array.from(ids), logProbs: new Float32Array(ids.length), reason: 'eos' as const });
const round: Pick<Round, 'groups'> = {
  groups: [{ prompt: { ids: [1, 2, 3, 4] }, completions: [completion(5, 6, 7), completion(8, 9)] }, { prompt: { ids: [10] }, completions: [completion(11), completion(12, 13, 14, 15)] }],
};

async function onBoth<T>(run: () => Promise<T>): Promise<{ wasm: T; webgpu: T }> {
  await useDevice('wasm');
  const wasm = await run();
  await useDevice('webgpu');
  return { wasm, webgpu: await run() };
}

describe.runIf(askedDevices().includes('webgpu'))('on a graphics card', () => {
  test.each<[string, Objective]>([['dapo', dapo({ beta: 0.1, offPolicyLimit: 0.01 })], ['gspo', gspo()], ['cispo', cispo()], ['vespo', vespo()], ['onlineDpo', onlineDpo()]])('%s: loss and gradients', async (_, objective) => {
    for (const layout of [separateRows(), sharedPrefix()]) {
      const { wasm, webgpu } = await onBoth(async () => {
        const params = model.init(5);
        const { logProbs } = await scoreTokens(model, params, completionRows(round, { layout }));
        const batch = policyBatch(round, {
          objective, layout, advantages: [1, -1, -1, 1], oldLogProbs: logProbs.map((value, i) => value + 0.05 * Math.sin(i)), refLogProbs: logProbs.map((value, i) => value + 0.1 * Math.cos(i)),
        });
        const { value, grads } = valueAndGrad(policyLoss(model, objective))(params, batch);
        return { loss: await value.data(), grads: await Promise.all(Object.entries(grads).map(async ([path, grad]) => [path, await grad.data()] as const)) };
      });
      expectClose(webgpu.loss, wasm.loss, { tolerance: 1e-5 });
      expect(webgpu.grads.map(([path]) => path)).toEqual(wasm.grads.map(([path]) => path));
      webgpu.grads.forEach(([path, grad], i) => expectClose(grad, wasm.grads[i]![1], { tolerance: 1e-4, name: path }));
    }
  });

  test('several samples of a prompt, with log-probabilities under a temperature', async () => {
    const { wasm, webgpu } = await onBoth(async () => {
      const params = model.init(5);
      const tokens: GeneratedToken[] = [];
      for await (const token of generate(model, params, [[1, 2, 3], [9]], { samples: 3, maxTokens: 6, eosIds: [38], sampler: temperature(0.7), logprobs: { temperature: 0.7 }, seed: 3 })) tokens.push(token);
      return tokens.toSorted((a, b) => a.row - b.row);
    });
    expect(webgpu.map(({ row, id }) => [row, id])).toEqual(wasm.map(({ row, id }) => [row, id]));
    expectClose(webgpu.map(({ logprob }) => logprob!), wasm.map(({ logprob }) => logprob!), { tolerance: 1e-4 });
  });

  test('a few steps from sampling to update', async () => {
    await useDevice('webgpu');
    const params = model.init(5);
    const objective = dapo();
    let sampled = 0;
    async function* batches() {
      for await (const made of rollouts(model, params, [[{ ids: [1, 2] }], [{ ids: [1, 2] }]], { samples: 4, maxTokens: 3 })) {
        sampled++;
        yield policyBatch(made, { objective, advantages: groupAdvantages(made.groups[0]!.completions.map(({ ids }) => ids[0]!), { samples: 4 }) });
      }
    }
    let steps = 0;
    for await (const { loss } of train({ params, loss: policyLoss(model, objective), batches: batches(), optimizer: adamw({ lr: 1e-3 }) })) {
      // The next round waits for this update.
      expect(sampled).toBe(++steps);
      expect(loss).not.toBeNaN();
    }
    expect(steps).toBe(2);
  });
});
