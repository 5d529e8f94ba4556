import { createHash } from 'node:crypto';
import { createModel, generate, greedy } from '@llm/model';
import { exportGguf, importGguf } from '@llm/quantize';
import { disposeTree, scope, tensor } from '@llm/tensor';
import { tokenizerFromJson, tokenizerToText } from '@llm/tokenizer';

export const TOKENS = 32;
export const PROMPT = 'The quick';

/** What is compared with llama.cpp: a model, and which type its tensors get. */
export const CASES = [
  ...['F32', 'F16', 'Q8_0', 'Q4_0', 'Q4_K_M', 'Q2_K', 'Q3_K_M', 'Q5_K_M'].map((mixture) => ['llama', mixture]), ...['F32', 'F16', 'Q8_0', 'Q4_0', 'Q4_K_M', 'Q6_K'].map((mixture) => ['gpt2', mixture]),
  ...['llama3', 'qwen2', 'qwen3'].flatMap((name) => ['F16', 'Q8_0'].map((mixture) => [name, mixture])),
];

/** How far probabilities may be apart: llama.cpp keeps keys and values in half floats, and multiplies few bits with states of eight. */
export const toleranceOf = (mixture) => (mixture.startsWith('F') ? 0.005 : 0.05);

/** The file of a model, and the first greedy tokens that it answers here with the numbers that are in the file, each with its probability. */
export async function ourAnswer({ model, params, tokenizer }, mixture) {
  const file = await exportGguf(model, params, { mixture, tokenizer: tokenizerToText(tokenizer) });
  const read = await importGguf(file);
  // Whatever ends a text does not end this one.
  const { bosId, eosIds: _, ...config } = read.model.config;
  const endless = createModel(config);
  const prompt = [bosId, ...tokenizerFromJson(JSON.parse(read.tokenizer.json)).encode(PROMPT)];
  const tokens = [];
  for await (const { id } of generate(endless, read.params, [prompt], { maxTokens: TOKENS, sampler: greedy })) tokens.push(id);
  const probabilities = await probabilitiesOf(endless, read.params, [...prompt, ...tokens], prompt.length);
  disposeTree(read.params);
  return { file, sha256: createHash('sha256').update(file).digest('hex'), prompt, tokens, probabilities };
}

/** What the model gives each token from `from` on, in one pass over all. */
async function probabilitiesOf(model, params, ids, from) {
  const logits = scope(() => model.apply(params, { ids: tensor(Int32Array.from(ids), [1, ids.length], 'int32') }));
  const values = await logits.data();
  logits.dispose();
  const width = model.shape.vocabSize;
  return ids.slice(from).map((id, i) => {
    const row = values.subarray((from - 1 + i) * width, (from + i) * width);
    const largest = Math.max(...row);
    return Math.exp(row[id] - largest) / row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  });
}
