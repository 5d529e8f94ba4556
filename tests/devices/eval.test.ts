import { localScorer } from '@llm/eval';
import { askedDevices } from '@llm/kernels';
import { createModel } from '@llm/model';
import { disposeTree, memory, useDevice } from '@llm/tensor';
import { trainBpe } from '@llm/tokenizer';
import { describe, expect, test } from 'vitest';

const model = createModel({
  model_type: 'llama', vocab_size: 300, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 96, tie_word_embeddings: true, eos_token_id: 0,
});
const examples = 'Q: two and two?\nA: four\n\nQ: one and two?\nA: three\n\nQ: one and one?\nA: two\n\n';
// Four questions after the same examples with three answers each, and a word before a blank filled in two ways.
const requests = [
  ...['three and one', 'nine and nine', 'two and five', 'six and one'].flatMap((question) => [' four', ' eighteen', ' seven times'].map((continuation) => ({ context: `${examples}Q: ${question}?\nA:`, continuation }))),
  ...['four', 'two'].map((word) => ({ context: `the sum of one and three is not ${word}`, continuation: ', said Anna' })),
];

async function run(device: 'wasm' | 'webgpu', sharePrefixes: boolean): Promise<{ logprobs: number[]; greedy: boolean[]; texts: string[]; rolling: number[] }> {
  await useDevice(device);
  const tokenizer = await trainBpe([`${examples} the sum of four and eighteen is seven times not said Anna`.repeat(4)], { vocabSize: 300, specialTokens: ['<|endoftext|>'] });
  const params = model.init(2);
  const before = memory().tensors;
  const scorer = localScorer({ model, params, tokenizer }, { sharePrefixes, batchTokens: 256 });
  const found = await scorer.loglikelihood(requests);
  const texts = await scorer.generateUntil([{ context: 'Q: two', kwargs: { maxGenToks: 6 } }, { context: 'A: four and', kwargs: { maxGenToks: 6 } }]);
  const rolling = await scorer.loglikelihoodRolling([examples.repeat(2)]);
  expect(memory().tensors - before).toBeLessThanOrEqual(2); // the rotation table stays with the model
  disposeTree(params);
  return { logprobs: found.map(({ logprob }) => logprob), greedy: found.map(({ greedy }) => greedy), texts, rolling };
}

describe.runIf(askedDevices().includes('webgpu'))('scoring on a graphics card', () => {
  test('the numbers of wasm, with and without shared beginnings', async () => {
    const expected = await run('wasm', false);
    for (const share of [true, false]) {
      const found = await run('webgpu', share);
      found.logprobs.forEach((logprob, i) => expect(Math.abs(logprob - expected.logprobs[i]!)).toBeLessThan(1e-4));
      expect(found.greedy).toEqual(expected.greedy);
      expect(found.texts).toEqual(expected.texts);
      expect(Math.abs(found.rolling[0]! - expected.rolling[0]!)).toBeLessThan(1e-3);
    }
  });
});
