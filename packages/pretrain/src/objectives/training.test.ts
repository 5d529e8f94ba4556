import { readFileSync } from 'node:fs';
import { createEncoderDecoder, createModel } from '@llm/model';
import { disposeTree, memory, type Seed, type Tensor, type Tree, useDevice } from '@llm/tensor';
import { adamw, cosine, train } from '@llm/train';
import { beforeEach, describe, expect, test } from 'vitest';
import { batches } from '../batches.ts';
import { causalLoss } from '../causal-loss.ts';
import { packDocuments } from '../packing/pack-documents.ts';
import { blankInfilling } from './blank-infilling.ts';
import { documentBlank, sentenceBlanks, shortBlanks } from './blanks.ts';
import { denoisers, ul2 } from './denoisers.ts';
import { denoisingLoss } from './denoising-loss.ts';
import { fillInTheMiddle } from './fill-in-the-middle.ts';
import { maskedLoss } from './masked-loss.ts';
import { maskedTokens } from './masked-tokens.ts';
import { prefixLm } from './prefix-lm.ts';
import { spanCorruption } from './span-corruption.ts';

// A real text that every clone has: the licence, paragraph by paragraph, letter by letter; 16 ids in front for special tokens.
const FIRST = 16;
const paragraphs = readFileSync(new URL('../../../../LICENSE', import.meta.url), 'utf8').split(/\n\s*\n/).map((text) => text.replace(/\s+/g, ' ').trim()).filter((text) => text.length > 40);
const letters = [...new Set(paragraphs.join(''))].sort();
const encode = (text: string): number[] => [...text].map((letter) => FIRST + letters.indexOf(letter));
const documents = paragraphs.map(encode);
const [CLS, EOS, MASK, SMASK, GMASK, SOP, EOP, R, S, X] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const TEXT = FIRST + letters.length;
const SENTINELS = 24;
const vocab = TEXT + SENTINELS;
const spanTokens = { sentinelId: vocab - 1, sentinels: SENTINELS, eosId: EOS };

interface Counted { readonly targetCount: number }

/** The mean loss of the first three steps and of the last ten; what was made is gone afterwards. */
async function learn<B extends Counted>(
  { init, loss, stream, steps, lr = 1e-2 }: { init: (seed: number) => Tree; loss: (params: Tree, batch: B, context?: { denominator?: number | Tensor; seed?: Seed }) => Tensor; stream: Iterable<B>; steps: number; lr?: number },
): Promise<[number, number]> {
  const params = init(1);
  const losses: number[] = [];
  const optimizer = adamw({ lr: cosine(lr, { warmupSteps: 5, steps }), weightDecay: 0.01 });
  let held = 0;
  for await (const step of train({ params, loss, batches: stream, optimizer, steps })) {
    losses.push(step.loss);
    if (step.index === 4) held = memory().tensors;
    if (step.index > 4) expect(memory().tensors).toBe(held);
  }
  disposeTree(params);
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean(losses.slice(0, 3)), mean(losses.slice(-10))];
}

const small = { hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 64, vocab_size: vocab };

beforeEach(async () => { await useDevice('wasm', { threads: 1 }); });

describe('a small model learns a real text', () => {
  test.each(['bert', 'roberta'])('by masked tokens: %s', async (type) => {
    const model = createModel({ model_type: type, ...small, max_position_embeddings: type === 'roberta' ? 66 : 64, pad_token_id: type === 'roberta' ? 1 : 0, type_vocab_size: 1 });
    const rows = packDocuments(documents, { length: 64, bos: CLS, eos: EOS });
    const collate = maskedTokens({ maskId: MASK, vocabSize: vocab, specialIds: [CLS, EOS] });
    const [before, after] = await learn({ init: model.init, loss: maskedLoss(model), stream: batches(rows, { batch: 8, seed: 1, collate }), steps: 60 });
    expect(Math.abs(before - Math.log(vocab))).toBeLessThan(0.5);
    expect(after).toBeLessThan(0.7 * before);
  });

  test.each(['span corruption', 'denoisers of UL2'])('by %s: t5', async (kind) => {
    const model = createEncoderDecoder({ model_type: 't5', vocab_size: vocab, d_model: 32, d_kv: 16, d_ff: 64, num_layers: 2, num_heads: 2 });
    const rows = packDocuments(documents, { length: kind === 'span corruption' ? 48 : 32, eos: EOS });
    const collate = kind === 'span corruption' ? spanCorruption(spanTokens) : denoisers(ul2({ regularId: R, sequentialId: S, extremeId: X }), spanTokens);
    const [before, after] = await learn({ init: model.init, loss: denoisingLoss(model), stream: batches(rows, { batch: 8, seed: 1, collate }), steps: 50 });
    expect(after).toBeLessThan(0.7 * before);
  });

  test('by blank infilling: glm', async () => {
    const model = createModel({ model_type: 'glm', vocab_size: vocab, hidden_size: 32, num_layers: 2, num_attention_heads: 2, max_sequence_length: 64, block_position_encoding: true });
    const rows = packDocuments(documents, { length: 48, bos: CLS, eos: EOS });
    const period = encode('.')[0]!;
    const collate = blankInfilling(
      [shortBlanks({ maskId: MASK }), documentBlank({ maskId: GMASK }), sentenceBlanks({ maskId: SMASK, endsSentence: (id) => id === period })],
      { startId: SOP, endId: EOP, specialIds: [CLS, EOS] },
    );
    const [before, after] = await learn({ init: model.init, loss: causalLoss(model), stream: batches(rows, { batch: 8, seed: 1, collate }), steps: 50 });
    expect(after).toBeLessThan(0.7 * before);
  });

  test.each(['llama', 'gpt2'])('by prefixes: %s', async (type) => {
    const model = createModel({ model_type: type, ...small, max_position_embeddings: 64, n_embd: 32, n_layer: 2, n_head: 2, n_positions: 64 });
    const rows = packDocuments(documents, { length: 48, eos: EOS });
    const [before, after] = await learn({ init: model.init, loss: causalLoss(model), stream: batches(rows, { batch: 8, seed: 1, collate: prefixLm }), steps: 50 });
    expect(after).toBeLessThan(0.7 * before);
  });

  test('by filling in the middle: llama', async () => {
    const model = createModel({ model_type: 'llama', ...small, max_position_embeddings: 64 });
    const middle = { prefixId: 11, suffixId: 12, middleId: 13, seed: 1, rate: 0.9 };
    const rows = packDocuments(fillInTheMiddle(paragraphs, { ...middle, encode }), { length: 64, eos: EOS });
    const [before, after] = await learn({ init: model.init, loss: causalLoss(model), stream: batches(rows, { batch: 8, seed: 1 }), steps: 50 });
    expect(after).toBeLessThan(0.7 * before);
  });
});
