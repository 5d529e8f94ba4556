// The objectives of pretraining on a graphics card: the losses of wasm, and recorded steps with the bits of plain ones.
import { askedDevices } from '@llm/kernels';
import { createEncoderDecoder, createModel } from '@llm/model';
import {
  batches, blankInfilling, causalLoss, type Collate, denoisers, denoisingLoss, documentBlank, lengthWarmup, maskedLoss, maskedTokens, packDocuments, prefixLm, shortBlanks, ul2,
} from '@llm/pretrain';
import { disposeTree, type Tensor, type Tree, useDevice } from '@llm/tensor';
import { adamw, type LossContext, train } from '@llm/train';
import { describe, expect, test } from 'vitest';

const STEPS = 6;
const VOCAB = 64;
const sizes = {
  vocab_size: VOCAB, hidden_size: 16, num_hidden_layers: 1, num_layers: 1, num_attention_heads: 2, intermediate_size: 32, max_position_embeddings: 32, type_vocab_size: 1,
  max_sequence_length: 32, block_position_encoding: true, d_model: 16, d_kv: 8, d_ff: 32, num_heads: 2,
};
// Unequal documents, so that rows are packed and the last one is padded.
const documents = Array.from({ length: 12 }, (_, d) => Array.from({ length: 5 + ((d * 7) % 23) }, (_, i) => 10 + ((d * 5 + i * i) % 30)));
const rows = packDocuments(documents, { length: 24, eos: 1 });

interface Setting { readonly run: (compile: boolean) => Promise<number[]> }

function setting<B extends { readonly targetCount: number }>(
  init: (seed: number) => Tree, { loss, collate, length }: { loss: (params: Tree, batch: B, context: LossContext) => Tensor; collate: Collate<B>; length?: (drawn: number) => number },
): Setting {
  return {

    async run(compile) {
      const params = init(1);
      const losses: number[] = [];
      const stream = batches(rows, { batch: 2, seed: 1, collate, ...(length === undefined ? {} : { length }) });
      for await (const step of train({ params, loss, batches: stream, optimizer: adamw({ lr: 3e-3 }), steps: STEPS, compile })) losses.push(step.loss);
      disposeTree(params);
      return losses;
    },
  };
}

const settings: Record<string, () => Setting> = {
  'masked tokens, lengths warmed up': () => {
    const model = createModel({ model_type: 'bert', ...sizes });
    return setting(model.init, { loss: maskedLoss(model), collate: maskedTokens({ maskId: 2, vocabSize: VOCAB, specialIds: [1], rate: 0.3 }), length: lengthWarmup({ from: 16, to: 24, over: 3 }) });
  },
  denoisers: () => {
    const model = createEncoderDecoder({ model_type: 't5', ...sizes });
    return setting(model.init, { loss: denoisingLoss(model), collate: denoisers(ul2({ regularId: 3, sequentialId: 4, extremeId: 5 }), { sentinelId: 63, sentinels: 20, eosId: 1 }) });
  },
  blanks: () => {
    const model = createModel({ model_type: 'glm', ...sizes });
    return setting(model.init, { loss: causalLoss(model), collate: blankInfilling([shortBlanks({ maskId: 2 }), documentBlank({ maskId: 3 })], { startId: 4, endId: 5, specialIds: [1] }) });
  },
  'prefix LM': () => {
    const model = createModel({ model_type: 'llama', ...sizes });
    return setting(model.init, { loss: causalLoss(model), collate: prefixLm });
  },
};

describe.runIf(askedDevices().includes('webgpu'))('on a graphics card', () => {
  test.each(Object.keys(settings))('%s: the losses of wasm, and recorded the bits of the plain step', async (name) => {
    await useDevice('wasm');
    const expected = await settings[name]!().run(false);
    await useDevice('webgpu');
    const plain = await settings[name]!().run(false);
    expect(plain.length).toBe(STEPS);
    plain.forEach((loss, i) => expect(loss).toBeCloseTo(expected[i]!, 3));
    expect(await settings[name]!().run(true)).toEqual(plain);
  });
});
