import type { SftExample } from '@llm/data-quality';
import { askedDevices } from '@llm/kernels';
import { createModel } from '@llm/model';
import { disposeTree, tensor, useDevice } from '@llm/tensor';
import { trainBpe } from '@llm/tokenizer';
import { describe, expect, test } from 'vitest';
import type { OpenModel } from '../train/open-model.ts';
import { embedExamples } from './embed-examples.ts';

const texts = ['one', 'two words', 'one', 'a much longer text of many words that goes on and on', ''];
const examples = texts.map((content, i): SftExample => ({ id: String(i), turns: [{ role: 'user', content }, { role: 'assistant', content: 'yes' }] }));
const tokenizer = await trainBpe(texts, { vocabSize: 270 });
const small = { vocab_size: tokenizer.size, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 16, max_position_embeddings: 64 };
const progress = { add: () => {}, end: () => {} };

describe.each(askedDevices().map((device) => [device as 'wasm' | 'webgpu']))('on %s', (device) => {
  test.each([['llama', { ...small, model_type: 'llama', num_key_value_heads: 1 }], ['bert', { ...small, model_type: 'bert', type_vocab_size: 2 }]] as const)('embeddings of %s do not depend on what they were computed with', async (_, config) => {
    await useDevice(device);
    const model = createModel(config);
    const params = model.init(1);
    const opened: OpenModel = { model, params, tokenizer, tokenizerJson: '', bosId: undefined, length: 64 };
    const embed = (batch: number) => embedExamples(examples, { opened, length: 64, batch, progress, signal: new AbortController().signal });
    const { embeddings, width } = await embed(5);
    expect(embeddings).toHaveLength(5 * width);
    (await embed(1)).embeddings.forEach((value, i) => expect(embeddings[i]).toBeCloseTo(value, 5));
    expect(embeddings.subarray(2 * width, 3 * width)).toEqual(embeddings.subarray(0, width));
    for (let row = 0; row < 5; row++) expect(Math.hypot(...embeddings.subarray(row * width, (row + 1) * width))).toBeCloseTo(1, 5);
    // The mean of states, less that of all rows, by hand.
    const means: number[][] = [];
    for (const { turns } of examples) {
      const ids = Int32Array.from(tokenizer.encode(turns.map(({ content }) => content).join('\n')));
      const hidden = model.hidden(params, { ids: tensor(ids, [1, ids.length], 'int32') });
      const values = await hidden.data();
      hidden.dispose();
      means.push(Array.from({ length: width }, (__, i) => ids.reduce((sum, ___, at) => sum + values[at * width + i]! / ids.length, 0)));
    }
    const third = means[3]!.map((value, i) => value - means.reduce((sum, row) => sum + row[i]! / 5, 0));
    third.forEach((value, i) => expect(embeddings[3 * width + i]).toBeCloseTo(value / Math.hypot(...third), 4));
    disposeTree(params);
  });
});
