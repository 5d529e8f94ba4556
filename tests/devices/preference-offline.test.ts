// Learning from preferences on a graphics card: every loss as on cpu, prompts shared as in rows of their own, and recorded steps.
import { askedDevices } from '@llm/kernels';
import { createModel } from '@llm/model';
import * as p from '@llm/preference';
import { disposeTree, mapLeaves, memory, mul, sum, type Tensor, tensor, type Tree, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { describe, expect, test } from 'vitest';

const VOCAB = 40;
const model = createModel({ model_type: 'llama', vocab_size: VOCAB, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 32, initializer_range: 0.3 });
const idsOf = (length: number, salt: number): number[] => Array.from({ length }, (_, i) => 1 + (7 * i + salt * (i + 3)) % (VOCAB - 1));
/** Pairs of one shape, so that a recorded step can be used again, with other tokens each time. */
const pairsOf = (salt: number): p.TokenizedPair[] => [[3, 5, 2], [4, 1, 4], [6, 3, 3]].map(([prompt, chosen, rejected], i) => ({
  prompt: idsOf(prompt!, salt + i), chosen: idsOf(chosen!, salt + i + 11), rejected: idsOf(rejected!, salt + i + 21), margin: i / 4,
}));
const copy = (tree: Tree): Tree => mapLeaves(tree, (leaf) => mul(leaf as Tensor, 1));

describe.runIf(askedDevices().includes('webgpu'))('webgpu', () => {
  const losses: Record<string, p.PairLoss> = {
    dpo: p.dpo({ labelSmoothing: 0.1 }), hinge: p.hinge(), ipo: p.ipo(), exoPair: p.exoPair(), ncaPair: p.ncaPair(), robust: p.robust({ labelSmoothing: 0.1 }), bcoPair: p.bcoPair(), sppoHard: p.sppoHard(),
    aot: p.aot(), aotUnpaired: p.aotUnpaired(), apoZero: p.apoZero(), apoDown: p.apoDown(), discopop: p.discopop(), sft: p.sft(), sigmoidNorm: p.sigmoidNorm(), simpo: p.simpo(), cpo: p.cpo(),
    cpoHinge: p.cpoHinge(), cpoIpo: p.cpoIpo(), orpo: p.orpo({ withPrompt: false }), jensenShannon: p.dpo({ divergence: p.jensenShannon() }), alpha: p.dpo({ divergence: p.alphaDivergence() }),
  };
  test.each(Object.entries(losses))('%s and its gradient are what they are on cpu', async (_, loss) => {
    const run = async (): Promise<Float32Array[]> => {
      const { value, grads } = valueAndGrad(({ chosen, rejected }: { chosen: Tensor; rejected: Tensor }) => sum(loss({
        policy: { chosen, rejected }, reference: { chosen: tensor([-9, -3, -7]), rejected: tensor([-8, -6, -7]) }, tokens: { chosen: tensor([3, 5, 2]), rejected: tensor([4, 2, 6]) },
      })))({ chosen: tensor([-8, -5, -7]), rejected: tensor([-9, -4, -7]) });
      const found = await Promise.all([value, grads.chosen!, ...(grads.rejected === undefined ? [] : [grads.rejected])].map(async (each) => Float32Array.from(await each.data())));
      value.dispose();
      disposeTree(grads);
      return found;
    };
    await useDevice('cpu');
    const expected = await run();
    await useDevice('webgpu');
    (await run()).forEach((values, i) => { expectClose(values, expected[i]!, { tolerance: 1e-4 }); });
  });

  test('a prompt once for both completions: loss and gradients are those of separate rows on wasm', async () => {
    const run = async (layout: p.RowLayout): Promise<Record<string, Float32Array>> => {
      const params = model.init(0);
      const reference = mapLeaves(params, (leaf) => mul(leaf as Tensor, 0.9));
      const { value, grads } = valueAndGrad(p.preferenceLoss(model, { loss: p.dpo(), reference }))(params, p.pairBatch(pairsOf(1), { layout }), {});
      const found = { loss: await value.data() as Float32Array } as Record<string, Float32Array>;
      for (const [path, grad] of Object.entries(grads)) found[path] = Float32Array.from(await grad.data());
      value.dispose();
      disposeTree(grads);
      disposeTree(params);
      disposeTree(reference);
      return found;
    };
    await useDevice('wasm');
    const expected = await run(p.separateRows());
    await useDevice('webgpu');
    for (const layout of [p.separateRows(), p.sharedPrefix(), p.sharedPrefix({ rowTokens: 24 })]) {
      for (const [path, values] of Object.entries(await run(layout))) expectClose(values, expected[path]!, { tolerance: 1e-4, name: path });
    }
  });

  test.each(['dpo', 'kto', 'bco', 'reward'] as const)('%s: recorded steps are the plain ones, and nothing is left behind', async (name) => {
    await useDevice('webgpu');
    const headed = p.withHead(model);
    const unpaired = (salt: number): p.TokenizedCompletion[] => pairsOf(salt).map(({ prompt, chosen }, i) => ({ prompt, completion: chosen, desirable: (i + salt) % 2 === 0 }));
    const run = async (compile: boolean): Promise<number[]> => {
      const params = name === 'reward' ? headed.init(0) : model.init(0);
      const reference = copy(params);
      const shift = p.rewardShift();
      const optimizer = adamw({ lr: 1e-2 });
      const steps = [1, 2, 3, 4, 5];
      const found: number[] = [];
      const shared = { params, optimizer, compile } as const;
      const stream = name === 'kto' || name === 'bco'
        ? train({ ...shared, batches: steps.map((i) => p.unpairedBatch(unpaired(i), { mismatched: name === 'kto' })), loss: p.unpairedLoss(model, { reference, ...(name === 'kto' ? { loss: p.kto() } : { loss: p.bco(), shift }) }) })
        : train({ ...shared, batches: steps.map((i) => p.pairBatch(pairsOf(i), name === 'dpo' ? { layout: p.sharedPrefix({ rowTokens: 24 }) } : {})), loss: name === 'dpo' ? p.preferenceLoss(model, { loss: p.dpo(), reference }) : p.rewardLoss(headed, { centering: 0.01 }) });
      for await (const step of stream) found.push(step.loss);
      if (name === 'bco') expect((await shift.count.data())[0]).toBe(15);
      disposeTree(params);
      disposeTree(reference);
      disposeTree(shift);
      return found;
    };
    const plain = await run(false);
    expect(plain.every(Number.isFinite)).toBe(true);
    expect(new Set(plain).size).toBeGreaterThan(2);
    const { tensors } = memory();
    expect(await run(true)).toEqual(plain);
    expect(memory().tensors).toBe(tensors);
  });
});
