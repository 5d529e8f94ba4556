import { createModel } from '@llm/model';
import { disposeTree, flatten, memory, overwrite, type Tree, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { separateRows, sharedPrefix } from '../offline/layouts.ts';
import { dapo } from './objectives/dapo.ts';
import { grpo } from './objectives/grpo.ts';
import { completionRows, policyBatch } from './policy-batch.ts';
import { policyLoss } from './policy-loss.ts';
import { rollouts, type RolloutOptions } from './rollouts.ts';
import type { Prompt, Round } from './round.ts';
import { scoreTokens } from './token-log-probs.ts';

const model = createModel({
  model_type: 'llama', vocab_size: 40, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
  max_position_embeddings: 24, initializer_range: 0.3, eos_token_id: 38,
});
const PROMPTS: Prompt[] = [{ ids: [1, 2, 3, 4, 5] }, { ids: [9] }, { ids: [20, 21, 22] }];
let params: Tree;
beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
  params = model.init(5);
});

async function rounds(prompts: readonly (readonly Prompt[])[], options: RolloutOptions = {}): Promise<Round[]> {
  const found: Round[] = [];
  for await (const round of rollouts(model, params, prompts, { samples: 4, maxTokens: 10, ...options })) found.push(round);
  return found;
}
const idsOf = ({ groups }: Round): number[][] => groups.flatMap(({ completions }) => completions.map(({ ids }) => [...ids]));

describe('rollouts', () => {
  test('the same seed gives the same rounds, each with draws of its own; another seed gives others', async () => {
    const [first, second] = await rounds([PROMPTS, PROMPTS]);
    expect(first!.groups.map(({ prompt }) => prompt)).toEqual(PROMPTS);
    expect(first!.groups.map(({ completions }) => completions.length)).toEqual([4, 4, 4]);
    expect([first!.index, second!.index]).toEqual([0, 1]);
    expect(idsOf(second!)).not.toEqual(idsOf(first!));
    expect((await rounds([PROMPTS, PROMPTS])).map(idsOf)).toEqual([idsOf(first!), idsOf(second!)]);
    expect(idsOf((await rounds([PROMPTS], { seed: 1 }))[0]!)).not.toEqual(idsOf(first!));
    // Within a round no two completions of a prompt share a stream.
    expect(new Set(first!.groups[1]!.completions.map(({ ids }) => ids.join())).size).toBe(4);
  });

  test('completions end with their end token, or at their most', async () => {
    const [round] = await rounds([Array.from({ length: 12 }, () => ({ ids: [1] }))]);
    const reasons = new Set(round!.groups.flatMap(({ completions }) => completions.map(({ ids, reason }) => {
      expect(reason === 'eos' ? ids.at(-1) : ids.length).toBe(reason === 'eos' ? 38 : 10);
      expect(ids.indexOf(38)).toBe(reason === 'eos' ? ids.length - 1 : -1);
      return reason;
    })));
    expect([...reasons].sort()).toEqual(['eos', 'length']);
  });

  test.each([1, 0.7])('what is recorded is ln π under a temperature of %f, of separate rows and of shared ones', async (temperature) => {
    const [round] = await rounds([PROMPTS], { temperature });
    const recorded = round!.groups.flatMap(({ completions }) => completions.flatMap(({ logProbs }) => [...logProbs]));
    for (const layout of [separateRows(), sharedPrefix(), sharedPrefix({ rowTokens: 60 })]) {
      const { logProbs } = await scoreTokens(model, params, completionRows(round!, { layout }), { temperature });
      expectClose(logProbs, recorded, { tolerance: 1e-4 });
    }
  });

  test('each round comes from the weights of its moment', async () => {
    const own = model.init(6);
    const head = flatten(own)['lm_head.weight']!;
    let round = 0;
    for await (const { groups } of rollouts(model, own, [PROMPTS, PROMPTS], { samples: 2, maxTokens: 4, eosIds: [] })) {
      const logProbs = groups.flatMap(({ completions }) => completions.flatMap((completion) => [...completion.logProbs]));
      expect(logProbs.every((logProb) => Math.abs(logProb + Math.log(40)) < 1e-5)).toBe(round === 1);
      // From here on every token is as likely as the next.
      if (round++ === 0) overwrite(head, new Float32Array(head.size));
    }
    expect(round).toBe(2);
    disposeTree(own);
  }, 20_000);

  test('prompts a few at a time are as many groups, and an aborted round is not told', async () => {
    const [round] = await rounds([PROMPTS], { promptsAtOnce: 2, topK: 10, topP: 0.9, stop: [[3, 4]] });
    expect(round!.groups.map(({ prompt }) => prompt)).toEqual(PROMPTS);
    expect(await rounds([PROMPTS], { signal: AbortSignal.abort() })).toEqual([]);
    await expect(rounds([PROMPTS], { temperature: 0 })).rejects.toThrow('rollouts: expected a temperature above 0 but found 0');
    await expect(rounds([PROMPTS], { promptsAtOnce: 0 })).rejects.toThrow('rollouts: expected promptsAtOnce of 1 or more but found 0');
  });

  test('leaves no tensor behind', async () => {
    const before = memory().tensors;
    await rounds([PROMPTS]);
    for await (const _ of rollouts(model, params, [PROMPTS, PROMPTS], { samples: 2, maxTokens: 3 })) break;
    expect(memory().tensors).toBe(before);
  });
});

describe('the update', () => {
  test('from shared prefixes has the loss and every gradient of separate rows, also where a row is longer than the context', async () => {
    const [round] = await rounds([PROMPTS]);
    const { logProbs: refLogProbs } = await scoreTokens(model, params, completionRows(round!));
    const advantages = round!.groups.flatMap(({ completions }) => completions.map((_, i) => i - 1.5));
    for (const objective of [dapo({ beta: 0.1 }), grpo()]) {
      const run = (layout: ReturnType<typeof separateRows>) => {
        const batch = policyBatch(round!, { objective, advantages, refLogProbs: refLogProbs.map((value) => value - 0.1), layout });
        return { batch, ...valueAndGrad(policyLoss(model, objective))(params, batch) };
      };
      const [separate, shared] = [run(separateRows()), run(sharedPrefix())];
      expect(shared.batch.length).toBeGreaterThan(model.shape.maxPositions);
      expectClose(shared.value.dataSync() as Float32Array, separate.value.dataSync() as Float32Array, { tolerance: 1e-5 });
      expect(Object.keys(shared.grads)).toEqual(Object.keys(separate.grads));
      for (const [path, grad] of Object.entries(separate.grads)) expectClose(shared.grads[path]!.dataSync() as Float32Array, grad.dataSync() as Float32Array, { tolerance: 1e-5, name: path });
    }
  });

  test('batches that cannot be are refused', async () => {
    const completion = (...ids: number[]) => ({ ids: Int32Array.from(ids), logProbs: new Float32Array(ids.length), reason: 'eos' as const });
    const groups = [{ prompt: { ids: [1] }, completions: [completion(2, 3), completion(4)] }];
    const objective = dapo();
    const make = (options: object, of: Round['groups'] = groups) => () => policyBatch({ groups: of }, { objective, advantages: [1, -1], ...options });
    expect(make({ advantages: [1] })).toThrow('policyBatch: expected advantages for 3 tokens or 2 completions but found 1 numbers');
    expect(make({ oldLogProbs: [1, 2] })).toThrow('policyBatch: expected oldLogProbs for 3 tokens but found 2 numbers');
    expect(make({ advantages: [1, NaN] })).toThrow('policyBatch: expected finite advantages but found NaN. Leave out completions without a reward, or give them an advantage of 0.');
    expect(make({}, [])).toThrow('completionRows: expected at least one completion but found none');
    expect(make({}, [{ prompt: { ids: [] }, completions: [completion(1)] }])).toThrow('completionRows: expected a prompt of at least one id but found none in group 0');
    expect(make({}, [{ prompt: { ids: [1] }, completions: [completion()] }])).toThrow('completionRows: expected completions of at least one token but found an empty one in group 0');
    const loss = policyLoss(model, objective);
    expect(() => loss(params, policyBatch({ groups: [{ prompt: { ids: [99] }, completions: [completion(1, 2)] }] }, { objective, advantages: [1] }))).toThrow('tokenLogProbs: expected ids below 40');
    const long = completion(...Array.from({ length: 30 }, () => 1));
    expect(() => loss(params, policyBatch({ groups: [{ prompt: { ids: [1] }, completions: [long] }] }, { objective, advantages: [1] }))).toThrow('tokenLogProbs: expected positions below 24, the context of the model, but found 24');
  });
});
