import { createEncoderDecoder, createModel } from '@llm/model';
import {
  batches, batchesInOrder, batchOf, bestFit, bitsPerByte, blankInfilling, causalBatch, causalLoss, contiguous, denoisers, denoisingLoss, documentBlank, fillInTheMiddle, fillRow, isValidation,
  lengthWarmup, maskedLoss, maskedTokens, mixedBatches, mixSchedule, packDocuments, prefixLm, sentenceBlanks, shortBlanks, spanCorruption, spanCorruptionLengths, spanDenoiser, splitDocuments,
  suffixDenoiser, ul2,
} from '@llm/pretrain';
import { useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expect } from '../expect.mjs';

await useDevice('wasm');
const documents = Array.from({ length: 64 }, (_, i) => ({ id: `document ${i}`, ids: Array.from({ length: 12 }, (_, j) => (i + j) % 8) }));
const { train: seen, validation } = splitDocuments(documents, { validationFraction: 0.25 });
expect(validation.every(({ id }) => isValidation(id, { validationFraction: 0.25 })) && seen.length > 0, 'a split by id');
for (const strategy of [contiguous, bestFit]) {
  const rows = packDocuments(seen.map(({ ids }) => ids), { length: 16, eos: 8, strategy });
  expect(fillRow(rows, 0).ids.length === 16 && batchOf(rows, [0, 1]).rows === 2, 'rows of 16 ids');
}

// Counting modulo eight is learnt in a moment.
const rows = packDocuments(seen.map(({ ids }) => ids), { length: 16, eos: 8, strategy: bestFit });
const held = packDocuments(validation.map(({ ids }) => ids), { length: 16, eos: 8 });
const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 16, n_embd: 16, n_head: 2, n_layer: 1 });
const params = model.init(0);
const measure = () => bitsPerByte(model, params, { batches: batchesInOrder(held, { batch: 2 }), tokenBytes: Array.from({ length: 16 }, () => 1) });
const before = (await measure()).bitsPerByte;
for await (const step of train({ params, loss: causalLoss(model), batches: batches(rows, { batch: 4, seed: 1 }), optimizer: adamw({ lr: 0.01 }), steps: 60 })) {
  expect(Number.isFinite(step.loss), 'a finite loss');
}
const after = (await measure()).bitsPerByte;
expect(after < 0.5 * before, `half of ${before} bits per byte but found ${after}`);

// Every objective makes batches of the same rows, and its loss is finite.
const sizes = {
  vocab_size: 32, hidden_size: 16, num_hidden_layers: 1, num_layers: 1, num_attention_heads: 2, intermediate_size: 32, max_position_embeddings: 32,
  max_sequence_length: 32, block_position_encoding: true, d_model: 16, d_kv: 8, d_ff: 32, num_heads: 2,
};
const span = { sentinelId: 31, sentinels: 8, eosId: 8 };
const finite = (made, loss, collate, source = rows) => {
  const [batch] = batches(source, { batch: 2, seed: 0, collate, length: lengthWarmup({ from: 8, to: source.length, over: 4 }) });
  const value = loss(made)(made.init(0), batch).dataSync()[0];
  expect(batch.targetCount > 0 && Number.isFinite(value), 'a finite loss');
};
finite(createModel({ model_type: 'bert', ...sizes }), maskedLoss, maskedTokens({ maskId: 9, vocabSize: 32, specialIds: [8], rate: 0.5 }));
const t5 = createEncoderDecoder({ model_type: 't5', ...sizes });
expect(spanCorruptionLengths({ encoderLength: 16 }).rowLength > 15, 'rows as long as their text, or longer');
for (const collate of [
  spanCorruption(span), denoisers(ul2({ regularId: 10, sequentialId: 11, extremeId: 12 }), span),
  denoisers([spanDenoiser({ modeId: 10, density: 0.2, meanLength: 2 }), suffixDenoiser({ modeId: 11, density: 0.5 })], span),
]) finite(t5, denoisingLoss, collate);
const blanks = [shortBlanks({ maskId: 9 }), documentBlank({ maskId: 10 }), sentenceBlanks({ maskId: 11, endsSentence: (id) => id === 3 })];
for (const choice of blanks) finite(createModel({ model_type: 'glm', ...sizes }), causalLoss, blankInfilling([choice], { startId: 12, endId: 13, specialIds: [8] }));
const llama = createModel({ model_type: 'llama', ...sizes });
for (const collate of [prefixLm, causalBatch]) finite(llama, causalLoss, collate);
const middle = packDocuments(fillInTheMiddle(seen.map(({ ids }) => ids), { prefixId: 9, suffixId: 10, middleId: 11, seed: 0 }), { length: 16, eos: 8 });
finite(llama, causalLoss, causalBatch, middle);

const mixture = mixedBatches({ rows, middle }, { batch: 4, seed: 0, weights: mixSchedule([{ at: 0, weights: { rows: 3, middle: 1 } }]), batches: 5 });
expect([...mixture].length === 5 && mixture.epochs.rows === 15 / rows.count, 'three of four rows');
