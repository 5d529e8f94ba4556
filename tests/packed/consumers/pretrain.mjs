import { createModel } from '@llm/model';
import { batches, batchesInOrder, batchOf, bestFit, bitsPerByte, causalLoss, contiguous, crossEntropy, fillRow, isValidation, packDocuments, splitDocuments } from '@llm/pretrain';
import { tensor, useDevice } from '@llm/tensor';
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

const loss = crossEntropy(tensor([0, 0, 0, 0], [1, 4]), Int32Array.of(2), { denominator: 1 }).dataSync()[0];
expect(Math.abs(loss - Math.log(4)) < 1e-6, 'ln 4 of four equal logits');
