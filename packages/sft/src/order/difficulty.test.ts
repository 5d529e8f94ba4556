import { createModel } from '@llm/model';
import { disposeTree, mapLeaves, memory, mul, type Tensor, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { expect, test } from 'vitest';
import type { Example } from '../examples/example.ts';
import { sftLoss } from '../loss/sft-loss.ts';
import { toBatch } from '../rows/to-batch.ts';
import { answerAlone, answerLosses, instructionFollowingDifficulty, lengthDifficulty } from './difficulty.ts';

const model = createModel({ model_type: 'gpt2', vocab_size: 31, n_positions: 32, n_embd: 16, n_head: 2, n_layer: 1 });
const examples = [9, 4, 12, 6, 2].map((size, d): Example => ({
  ids: Int32Array.from({ length: size }, (_, i) => ((d * 7 + i * 5) % 29) + 1), weights: Float32Array.from({ length: size }, (_, i) => Number(i >= size / 2)),
}));

test('answer losses are those of each example alone, whatever the batches; IFD is their ratio', async () => {
  await useDevice('wasm', { threads: 1 });
  const params = mapLeaves(model.init(1), (leaf) => mul(leaf as Tensor, 8));
  const alone = (example: Example): number => {
    const loss = sftLoss(model)(params, toBatch([[example]]));
    const [value = NaN] = loss.dataSync();
    loss.dispose();
    return value;
  };
  const before = memory().tensors;
  const given = await answerLosses(model, params, { examples, batch: 2, padId: 3 });
  expectClose(given, examples.map(alone), { tolerance: 1e-5 });
  const without = examples.map((example) => alone(answerAlone(example, { bosId: 0 })));
  expectClose(await instructionFollowingDifficulty(model, params, { examples, bosId: 0, batch: 3 }), given.map((loss, i) => loss / without[i]!), { tolerance: 1e-5 });
  expect(memory().tensors).toBe(before);
  const nothing = { ids: Int32Array.of(1, 2), weights: new Float32Array(2) };
  expect(await answerLosses(model, params, { examples: [nothing] })).toEqual([0]);
  disposeTree(params);
});

test('the answer alone, and its length', () => {
  expect(answerAlone(examples[1]!, { bosId: 0 })).toMatchObject({ ids: Int32Array.of(0, ...examples[1]!.ids.subarray(2)), weights: Float32Array.of(0, 1, 1) });
  expect(examples.map(lengthDifficulty)).toEqual([4, 2, 6, 3, 1]);
});
