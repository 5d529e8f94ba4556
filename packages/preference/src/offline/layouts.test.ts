// A prompt once for both completions, and several of them in a row, give what separate rows give.
import { createModel, type Model } from '@llm/model';
import { disposeTree, mapLeaves, mul, scope, type Tensor, type Tree, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { dpo } from '../losses/dpo.ts';
import { orpo } from '../losses/orpo.ts';
import { weighted } from '../losses/weighted.ts';
import { type RowLayout, separateRows, sharedPrefix } from './layouts.ts';
import { sequenceLogProbs } from './log-probs.ts';
import { pairBatch, type PairBatchOptions, type TokenizedPair } from './pair-batch.ts';
import { preferenceLoss } from './preference-loss.ts';

const VOCAB = 40;
const models: Record<string, Model> = {
  llama: createModel({ model_type: 'llama', vocab_size: VOCAB, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 16, initializer_range: 0.3 }),
  gpt2: createModel({ model_type: 'gpt2', vocab_size: VOCAB, n_positions: 16, n_embd: 16, n_head: 2, n_layer: 2, initializer_range: 0.3 }),
};
const idsOf = (length: number, salt: number): number[] => Array.from({ length }, (_, i) => (7 * i + salt * (i + 3)) % VOCAB);
/** Prompts and completions of unequal lengths, down to one token; the third only just fits the context. */
const pairs: TokenizedPair[] = [[3, 5, 2], [1, 1, 4], [9, 7, 7], [2, 6, 1], [5, 1, 1]].map(([p, c, r], i) => ({ prompt: idsOf(p!, i + 1), chosen: idsOf(c!, i + 11), rejected: idsOf(r!, i + 21) }));
const layouts: [string, RowLayout][] = [['a row each', sharedPrefix()], ['packed', sharedPrefix({ rowTokens: 30 })]];

describe.each(Object.entries(models))('%s', (_, model) => {
  beforeEach(async () => { await useDevice('wasm'); });

  const run = async (params: Tree, reference: Tree, options: PairBatchOptions): Promise<{ loss: number; grads: Record<string, Float32Array> }> => {
    const loss = preferenceLoss(model, { loss: weighted([[dpo(), 1], [orpo(), 0.5]]), reference, policyWeighting: true });
    const { value, grads } = valueAndGrad(loss)(params, pairBatch(pairs, { prompts: true, ...options }), {});
    const found = { loss: (await value.data())[0]!, grads: Object.fromEntries(await Promise.all(Object.entries(grads).map(async ([path, grad]) => [path, Float32Array.from(await grad.data())] as const))) };
    value.dispose();
    disposeTree(grads);
    return found;
  };

  test.each(layouts)('%s: log-probabilities, and loss and gradients with prompts, LD-DPO and WPO', async (_, layout) => {
    const params = model.init(0);
    const reference = mapLeaves(params, (leaf) => mul(leaf as Tensor, 0.9));
    const scored = await Promise.all([separateRows(), layout].map(async (each) => {
      const sums = scope(() => sequenceLogProbs(model, params, pairBatch(pairs, { layout: each, prompts: true })));
      const values = Float32Array.from(await sums.data());
      sums.dispose();
      return values;
    }));
    expect(scored[0]!.length).toBe(15);
    expectClose(scored[1]!, scored[0]!, { tolerance: 1e-5, name: 'log-probabilities' });
    const plain = await run(params, reference, { ldAlpha: 0.5 });
    const shared = await run(params, reference, { ldAlpha: 0.5, layout });
    expectClose([shared.loss], [plain.loss], { tolerance: 1e-5, name: 'loss' });
    expect(Object.keys(shared.grads).toSorted()).toEqual(Object.keys(plain.grads).toSorted());
    for (const [path, grad] of Object.entries(plain.grads)) expectClose(shared.grads[path]!, grad, { tolerance: 1e-5, name: path });
    disposeTree(params);
    disposeTree(reference);
  });
});

describe('rows', () => {
  test('a tree fills one row: positions go on from the prompt, the prompt\'s last token predicts both, padding is a document of its own', () => {
    const batch = pairBatch([{ prompt: [1, 2], chosen: [3, 4], rejected: [5] }, { prompt: [6], chosen: [7], rejected: [8] }], { layout: sharedPrefix() });
    expect([batch.rows, batch.length, batch.packed, batch.restarts]).toEqual([2, 5, true, true]);
    expect([...batch.ids]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 0, 0]);
    expect([...batch.positions]).toEqual([0, 1, 2, 3, 2, 0, 1, 1, 0, 0]);
    expect([...batch.segments].map((n) => [n % 65536, Math.floor(n / 65536)].join('.'))).toEqual(['0.0', '0.0', '0.1', '0.1', '0.2', '0.0', '0.1', '0.2', '1.0', '1.0']);
    // Chosen completions first: [3, 4], [7], then [5], [8].
    expect([[...batch.targets], [...batch.places], [...batch.ends], [...batch.tokenCounts]]).toEqual([[3, 4, 7, 5, 8], [1, 2, 5, 1, 5], [3, 6, 4, 7], [2, 1, 1, 1]]);
  });

  test('best fit: the longest first, into the fullest row with room', () => {
    // Trees of 10, 5, 23, 9 and 7 tokens into rows of 30.
    const { rows, segments, length } = pairBatch(pairs, { layout: sharedPrefix({ rowTokens: 30 }) });
    expect([rows, length]).toEqual([2, 30]);
    const documents = [0, 1].map((row) => new Set([...segments.subarray(row * 30, (row + 1) * 30)].map((n) => n % 65536)).size);
    // 23 and 7 fill a row; 10, 9 and 6 share the other with padding.
    expect(documents).toEqual([2, 4]);
    expect(() => pairBatch(pairs, { layout: sharedPrefix({ rowTokens: 22 }) })).toThrow('sharedPrefix: expected trees of at most 22 tokens, one row, but found 23 at 2. Truncate the pairs, or raise rowTokens.');
    expect(() => sharedPrefix({ rowTokens: 0 })).toThrow('sharedPrefix: expected rowTokens to be a whole number from 1 on but found 0');
  });

  test('every layout holds every completion, whatever their lengths', () => {
    const ids = (least: number): fc.Arbitrary<number[]> => fc.array(fc.integer({ min: 1, max: 99 }), { minLength: least, maxLength: 6 });
    fc.assert(fc.property(fc.array(fc.record({ prompt: ids(1), chosen: ids(1), rejected: ids(1) }), { minLength: 1, maxLength: 8 }), fc.integer({ min: 18, max: 40 }), (list, rowTokens) => {
      const batches = [separateRows(), sharedPrefix(), sharedPrefix({ rowTokens })].map((layout) => pairBatch(list, { layout, prompts: true }));
      const [plain] = batches;
      for (const batch of batches) {
        expect([...batch.targets].toSorted()).toEqual([...plain!.targets].toSorted());
        for (const [completion, count] of batch.tokenCounts.entries()) {
          const members = batch.members.subarray(completion * batch.longest, completion * batch.longest + count);
          const expected = [...list.map(({ chosen }) => chosen), ...list.map(({ rejected }) => rejected), ...list.map(({ prompt }) => prompt.slice(1))][completion]!;
          expect([...members].map((i) => batch.targets[i])).toEqual(expected);
          expect([...members].map((i) => batch.positions[batch.places[i]!]! + 1)).toEqual(expected.map((_, i) => i + (completion < 2 * list.length ? list[completion % list.length]!.prompt.length : 1)));
          if (count > 0) expect(batch.ids[batch.ends[completion]!]).toBe(expected.at(-1));
        }
      }
    }), { numRuns: 60 });
  });
});

describe('pairs that cannot be learned from are refused', () => {
  const pair: TokenizedPair = { prompt: [1], chosen: [2], rejected: [3] };
  test.each([
    [[], {}, 'pairBatch: expected at least one pair but found none'],
    [[pair, { ...pair, chosen: [] }], {}, 'found no chosen in pair 1. Leave such pairs out, or end every completion with the end-of-text token.'],
    [[{ ...pair, rejected: [] }], {}, 'found no rejected in pair 0'],
    [[{ ...pair, prompt: [] }], {}, 'found no prompt in pair 0. Begin prompts with a token such as the one for the beginning of a text.'],
    [[pair, { ...pair, reference: { chosen: -1, rejected: -2 } }], {}, 'expected a reference in every pair or in none but found one in 1 of 2'],
    [[pair, { ...pair, margin: 1 }], {}, 'expected a margin in every pair or in none but found one in 1 of 2'],
    [[pair], { ldAlpha: 2 }, 'pairBatch: expected ldAlpha from 0 to 1 but found 2'],
  ] as [TokenizedPair[], PairBatchOptions, string][])('%j %j', (list, options, message) => { expect(() => pairBatch(list, options)).toThrow(message); });

  test('a completion longer than the context, an id outside the vocabulary, and a loss without its reference', async () => {
    await useDevice('wasm');
    const model = models.llama!;
    const params = model.init(0);
    const loss = preferenceLoss(model, { loss: dpo() });
    const run = (pair: TokenizedPair, layout: RowLayout): unknown => scope(() => loss(params, pairBatch([pair], { layout })));
    const long = { ...pair, chosen: idsOf(16, 1) };
    for (const layout of [separateRows(), sharedPrefix()]) expect(() => run(long, layout)).toThrow('expected rows of at most 16 tokens, the context of the model, but found 17');
    expect(() => run({ ...pair, chosen: [VOCAB] }, separateRows())).toThrow('expected ids below 40, the vocabulary of the model, but found 40');
    expect(() => run(pair, separateRows())).toThrow('dpo: expected log-probabilities of a reference but found none. Give the reference to the loss or to the batch, or use simpo, cpo or orpo, which need none.');
    expect(() => scope(() => preferenceLoss(model, { loss: orpo() })(params, pairBatch([pair])))).toThrow('orpo: expected a batch with prompts but found none.');
    disposeTree(params);
  });
});
