import * as m from '@llm/model';
import * as t from '@llm/tensor';
import { expect } from '../expect.mjs';

await t.useDevice('wasm');
const gpt2 = m.createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 16, n_embd: 8, n_head: 2, n_layer: 1 });
const llama = m.createModel({
  model_type: 'llama', vocab_size: 16, hidden_size: 8, intermediate_size: 16, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 1,
  max_position_embeddings: 16,
});
for (const model of [gpt2, llama]) {
  const again = model === gpt2 ? m.gpt2(model.config) : m.llama(m.readConfig(m.writeConfig(model.config)));
  const params = model.init(1);
  expect(m.parameterBytes(model) === 4 * t.countParameters(params), `four bytes for each of ${t.countParameters(params)} but found ${m.parameterBytes(model)}`);
  const ids = t.tensor([1, 2, 3], [1, 3], 'int32');
  const logits = model.apply(params, { ids });
  expect(logits.shape.join() === '1,3,16' && logits.dataSync().every(Number.isFinite), 'finite logits for every token');

  // Saved and loaded, and with a cache instead of all at once.
  const loaded = m.paramsFromTensors(again, await m.tensorsFromParams(model, params));
  const cache = m.kvCache(again.shape, { batch: 1, capacity: 8 });
  again.apply(loaded, { ids: t.tensor([1, 2], [1, 2], 'int32'), cache });
  const last = again.apply(loaded, { ids: t.tensor([3], [1, 1], 'int32'), cache }).dataSync();
  const wanted = logits.dataSync().slice(32);
  expect(last.every((value, i) => Math.abs(value - wanted[i]) < 1e-4), 'the same last logits');

  // The same rows from a batch on the host.
  const row = (...values) => Int32Array.from(values);
  const states = m.hiddenOf(again, loaded, { rows: 1, length: 3, ids: row(1, 2, 3), positions: row(0, 1, 2), segments: row(0, 0, 0), packed: false, restarts: false });
  expect(states.shape.join() === '1,3,8', 'rows, length, width');

  // Each sampler leaves something to draw from.
  const context = { history: [1, 2], uniform: () => 0.5 };
  const all = m.candidates(wanted);
  for (const sampler of [
    m.defaultSampler(), m.dry(), m.dry({ multiplier: 1 }), m.greedy, m.minP(0.1), m.penalties({ repeat: 1.1 }), m.temperature(0.7), m.topK(3), m.topNSigma(1), m.topP(0.9),
    m.typical(0.9), m.xtc({ probability: 1 }), m.samplers([m.topK(5), m.temperature(0.5)]),
  ]) {
    const id = m.draw(sampler(all, context), 0.5);
    expect(id >= 0 && id < 16, `an id but found ${id}`);
  }
  expect(m.logProbability(wanted, 3) < 0, 'the log of a probability');

  const generated = [];
  for await (const token of m.generate(model, params, [[1, 2], [3]], { maxTokens: 3, sampler: m.defaultSampler(), seed: 1, cacheBits: 8 })) generated.push(token);
  expect(generated.length === 6, `three tokens for each of two prompts but found ${generated.length}`);
}
const table = m.rotation({ theta: 10000, headDim: 8, positions: 16 });
expect(table.cos.shape[0] === 16, 'a table of 16 positions');
expect(m.frequencies({ theta: 10000, headDim: 8 }).length === 4, 'four frequencies');
expect(m.flopsPerToken(gpt2, { length: 8 }).training === 3 * m.flopsPerToken(gpt2, { length: 8 }).forward, 'three times the forward pass');
expect(m.parameterCount(gpt2).total * 4 === m.parameterBytes(gpt2), 'four bytes a number');
expect(m.trainingMemory(gpt2, { batch: 1, length: 8 }).peak > m.parameterBytes(gpt2), 'more than the parameters alone');
expect(m.createModel(m.llamaOfDepth(2, { vocabSize: 64 })).shape.width === 128, 'width 64 for each layer');

// A model that fills gaps, one that reads and writes, one of blanks; and more tokens for each kind.
const sizes = { vocab_size: 16, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8, max_position_embeddings: 8 };
const ids = t.tensor([1, 2, 3], [1, 3], 'int32');
const bert = m.bert(m.createModel({ model_type: 'bert', ...sizes }).config);
const bertParams = bert.init(1);
const folded = m.foldBias(bert.hidden(bertParams, { ids }), { head: bert.head(bertParams), bias: bert.headBias(bertParams) });
const plain = bert.apply(bertParams, { ids }).dataSync();
expect(t.linear(folded.hidden, folded.head).dataSync().every((value, i) => Math.abs(value - plain[i]) < 1e-5), 'the bias is folded in');
const wider = m.resizeTokenEmbeddings(bert, bertParams, { vocabSize: 18 });
expect(wider.model.apply(wider.params, { ids }).shape.join() === '1,3,18', 'two tokens more');

const t5 = m.createEncoderDecoder({ model_type: 't5', vocab_size: 16, d_model: 8, d_kv: 4, d_ff: 8, num_layers: 1, num_heads: 2 });
const t5Params = m.t5(t5.config).init(1);
const rows = (...values) => ({ rows: 1, length: values.length, ids: Int32Array.from(values), segments: new Int32Array(values.length), packed: false });
expect(m.decodedOf(t5, t5Params, { encoder: rows(1, 2, 3), decoder: rows(0, 4) }).shape.join() === '1,2,8', 'a state for each token that is written');
const cache = m.crossCache(t5.shape, { batch: 1, capacity: 4 });
t5.hidden(t5Params, { ids: t.tensor([0], [1, 1], 'int32'), encoded: t5.encode(t5Params, { ids }), cache });
expect(cache.own.lengths[0] === 1, 'one token is kept');
cache.dispose();
const written = [];
for await (const { id } of m.generateFrom(t5, t5Params, [[1, 2, 3], [4]], { maxTokens: 3, eosIds: [] })) written.push(id);
expect(written.length === 6, `three tokens for each of two texts but found ${written.length}`);
expect(m.flopsPerPair(t5, { encoderLength: 3, decoderLength: 2 }).forward > 0, 'some arithmetic');

const glm = m.glm(m.createModel({ model_type: 'glm', vocab_size: 16, hidden_size: 8, num_layers: 1, num_attention_heads: 2, block_position_encoding: true }).config);
const blanks = { positions: t.tensor([0, 1, 1], [1, 3], 'int32'), blockPositions: t.tensor([0, 0, 1], [1, 3], 'int32'), prefixes: t.tensor([2], [1], 'int32') };
expect(glm.apply(glm.init(1), { ids, ...blanks }).shape.join() === '1,3,16', 'logits for every token');

// Gemma, nanochat and a mixture of experts, whose load balance comes beside the states.
const blocks = { ...sizes, num_key_value_heads: 1, head_dim: 4 };
const gemma = m.gemma(m.createModel({ model_type: 'gemma2', ...blocks, final_logit_softcapping: 0.5 }).config);
expect(gemma.apply(gemma.init(1), { ids }).dataSync().every((logit) => Math.abs(logit) <= 0.5), 'logits below the cap');
const nanochat = m.nanochat(m.createModel(m.nanochatOfDepth(1, { vocabSize: 16 })).config);
expect(nanochat.apply(nanochat.init(1), { ids }).shape.join() === '1,3,16', 'logits for every token');
const moe = m.moe(m.createModel({ model_type: 'mixtral', ...blocks, num_local_experts: 3 }).config);
let balance = 0;
moe.hidden(moe.init(1), { ids }, { auxiliary: (loss) => { balance = loss.dataSync()[0]; } });
expect(m.addAuxiliary(t.tensor(1), t.tensor(2), { targets: ids, denominator: 6 }).dataSync()[0] === 2, 'three targets of six');
expect(balance > 0.0019, 'at least two experts a token, times 0.001');

// An endpoint of someone else's.
const answers = [new Response('', { status: 503 }), Response.json({ usage: { prompt_tokens: 2 } })];
const endpoint = m.openEndpoint({ url: 'http://localhost/v1', model: 'm', backoffMs: 1, fetch: async () => answers.shift() });
await endpoint.ask('/completions', { prompt: 'a' });
expect(endpoint.usage.retries === 1 && endpoint.usage.promptTokens === 2, 'asked twice');
expect(new m.EndpointError('', { code: 'refused' }).status === undefined, 'no status');
