import { createEncoderDecoder, createModel, hiddenOf, type TokenBatch } from '@llm/model';
import { disposeTree, scope, tensor, type Tree, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { causalBatch, type DrawnRow, type TargetBatch } from '../collate.ts';
import { causalLoss } from '../causal-loss.ts';
import { IGNORED, packDocuments } from '../packing/pack-documents.ts';
import { rowRandom } from '../row-random.ts';
import { blankInfilling, type BlankBatch } from './blank-infilling.ts';
import { shortBlanks } from './blanks.ts';
import { denoisingLoss } from './denoising-loss.ts';
import { maskedLoss } from './masked-loss.ts';
import { maskedTokens } from './masked-tokens.ts';
import { prefixLm } from './prefix-lm.ts';
import { spanCorruption } from './span-corruption.ts';

const CONFIG = {
  vocab_size: 64, hidden_size: 16, num_hidden_layers: 2, num_layers: 2, num_attention_heads: 2, intermediate_size: 32, max_position_embeddings: 96, type_vocab_size: 1,
  max_sequence_length: 96, block_position_encoding: true, n_embd: 16, n_layer: 2, n_head: 2, n_positions: 96, d_model: 16, d_kv: 8, d_ff: 32, num_heads: 2, initializer_range: 0.3,
};
// Each document has letters of its own, from 10, 26 and 42 on.
const documents = [20, 13, 24].map((size, d) => [1, ...Array.from({ length: size }, (_, i) => 10 + 16 * d + ((i * i) % 16)), 2]);
const drawn = (length: number): DrawnRow => ({ rows: packDocuments(documents, { length, padId: 0 }), index: 0, length, random: rowRandom({ seed: 4, epoch: 0, row: 0 }) });

beforeAll(async () => { await useDevice('wasm', { threads: 1 }); });

/** The loss and all gradients, whose denominator is 1. */
function gradientsOf<B>(loss: (params: Tree, batch: B, context?: { denominator?: number }) => ReturnType<typeof tensor>, params: Tree, batch: B): { loss: number; grads: Record<string, Float32Array> } {
  const { value, grads } = valueAndGrad(loss)(params, batch, { denominator: 1 });
  const found = { loss: value.dataSync()[0]!, grads: Object.fromEntries(Object.entries(grads).map(([path, grad]) => [path, grad.dataSync() as Float32Array])) };
  value.dispose();
  disposeTree(grads);
  return found;
}

/** The sum over batches is what one batch of all of them gives. */
function expectSum<B>(loss: Parameters<typeof gradientsOf<B>>[0], params: Tree, { whole, parts }: { whole: B; parts: readonly B[] }): void {
  const all = gradientsOf(loss, params, whole);
  const each = parts.map((part) => gradientsOf(loss, params, part));
  expectClose([all.loss], [each.reduce((sum, { loss }) => sum + loss, 0)], { tolerance: 1e-5, name: 'loss' });
  for (const [path, grad] of Object.entries(all.grads)) {
    expectClose(grad, grad.map((_, i) => each.reduce((sum, { grads }) => sum + grads[path]![i]!, 0)), { tolerance: 2e-4, name: path });
  }
}

/** The document of each token, from the ids alone: in the text a 2 ends it, and behind the text its letters tell; −1 for padding. */
function documentsOf({ ids, targets, prefixes }: TargetBatch & Partial<BlankBatch>): number[] {
  const prefix = prefixes?.[0] ?? ids.length;
  let ended = 0;
  return Array.from(ids, (id, at) => {
    if (at < prefix) return ended === 3 ? -1 : id === 2 ? ended++ : ended;
    const letter = [targets[at]!, id].find((found) => found >= 10);
    return letter === undefined ? -1 : Math.floor((letter - 10) / 16);
  });
}

/** The tokens of one document, as a row of its own. */
function alone<B extends TargetBatch & Partial<BlankBatch>>(batch: B, document: number): B {
  const places = documentsOf(batch).flatMap((found, at) => (found === document ? [at] : []));
  const pick = (values: Int32Array): Int32Array => Int32Array.from(places, (at) => values[at]!);
  return {
    ...batch, rows: 1, length: places.length, ids: pick(batch.ids), targets: pick(batch.targets), segments: new Int32Array(places.length), positions: pick(batch.positions), packed: false, restarts: true,
    ...(batch.prefixes === undefined ? {} : { prefixes: Int32Array.of(places.filter((at) => at < batch.prefixes![0]!).length), blockPositions: pick(batch.blockPositions!) }),
  };
}

describe('documents in a row are as if each were alone, in loss and gradients', () => {
  test.each(['bert', 'roberta'])('masked tokens: %s, padding besides', (type) => {
    const model = createModel({ model_type: type, ...CONFIG, ...(type === 'roberta' ? { pad_token_id: 0, max_position_embeddings: 97 } : {}) });
    const params = model.init(3);
    const whole = maskedTokens({ maskId: 3, vocabSize: 64, specialIds: [1, 2], rate: 0.4 })([drawn(72)]);
    expect(whole.packed).toBe(true);
    expectSum(maskedLoss(model), params, { whole, parts: [0, 1, 2].map((document) => alone(whole, document)) });
    disposeTree(params);
  });

  test('blanks: glm', () => {
    const model = createModel({ model_type: 'glm', ...CONFIG });
    const params = model.init(3);
    const whole = blankInfilling([shortBlanks({ maskId: 3, rate: 0.5 })], { startId: 4, endId: 5, specialIds: [1, 2], mostBlanks: 12 })([drawn(63)]);
    expectSum(causalLoss(model), params, { whole, parts: [0, 1, 2].map((document) => alone(whole, document)) });
    disposeTree(params);
  });

  test('padding changes nothing: t5', () => {
    const model = createEncoderDecoder({ model_type: 't5', ...CONFIG });
    const params = model.init(3);
    const collate = spanCorruption({ sentinelId: 63, eosId: 2 });
    const [whole, part] = [collate([drawn(90)]), collate([drawn(63)])];
    expect([whole.encoder.packed, part.encoder.packed, whole.targetCount]).toEqual([true, false, part.targetCount]);
    expectSum(denoisingLoss(model), params, { whole, parts: [part] });
    disposeTree(params);
  });
});

describe.each(['llama', 'gpt2'])('a prefix is seen in both directions: %s', (type) => {
  const model = createModel({ model_type: type, ...CONFIG });
  const states = (params: Tree, batch: TokenBatch): Float32Array => scope(() => hiddenOf(model, params, batch).dataSync() as Float32Array);
  const plain = (ids: readonly number[]): TargetBatch => causalBatch([{ rows: packDocuments([ids], { length: ids.length }), index: 0, length: ids.length, random: () => 0 }]);
  const ids = Array.from({ length: 12 }, (_, i) => 10 + i);

  test('its tokens see all of it and nothing behind it; of one token it is the causal mask', () => {
    const params = model.init(3);
    const of = (changed: number, prefix: number): Float32Array => states(params, { ...plain(ids.map((id, i) => (i === changed ? 50 : id))), prefixes: Int32Array.of(prefix) });
    const first = (values: Float32Array, from = 0): number[] => [...values.subarray(from * 16, (from + 1) * 16)];
    expect(first(of(6, 7))).not.toEqual(first(of(-1, 7)));
    expect(first(of(7, 7))).toEqual(first(of(-1, 7)));
    expect(first(of(8, 7), 7)).toEqual(first(of(-1, 7), 7));
    expect(first(of(3, 7), 9)).not.toEqual(first(of(-1, 7), 9));
    expectClose(of(-1, 1), states(params, plain(ids)), { tolerance: 1e-5 });
    disposeTree(params);
  });

  test('recomputed layers give the same loss and gradients', () => {
    const params = model.init(3);
    const batch = prefixLm([{ rows: packDocuments([ids], { length: 12 }), index: 0, length: 12, random: () => 0.5 }]);
    expect(batch.targets.filter((target) => target !== IGNORED).length).toBe(6);
    const [kept, again] = [false, true].map((checkpointed) => gradientsOf(causalLoss(model, { checkpointed }), params, batch));
    expect(again).toEqual(kept);
    disposeTree(params);
  });
});
