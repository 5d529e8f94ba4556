import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel, generate, greedy, kvCache } from '@llm/model';
import { disposeTree, flatten, int4, int8, linear, quantizedWeight, tensor, useDevice } from '@llm/tensor';
import { llamaPeer } from './llama-peer.mjs';
import { median, stopwatch } from './statistics.mjs';

/** A Llama of 110 M parameters, embedding and head tied. */
const CONFIG = {
  model_type: 'llama', vocab_size: 32_000, hidden_size: 768, intermediate_size: 2048, num_hidden_layers: 12, num_attention_heads: 12, max_position_embeddings: 2048, tie_word_embeddings: true,
};
const PROMPT = 256;
const TOKENS = 64;

/** Products with int8 and int4 against those in float32: rows of a prompt, and one row. */
async function products({ threads, cpu }) {
  await useDevice('wasm', { threads });
  const [n, k] = [2048, 768];
  const values = Float32Array.from({ length: n * k }, (_, i) => Math.sin(i) / 10);
  const weights = {
    f32: tensor(values, [n, k]), int8: quantizedWeight(values, { shape: [n, k], format: int8({ blockSize: 32 }) }), int4: quantizedWeight(values, { shape: [n, k], format: int4() }),
  };
  const rows = [];
  for (const m of [512, 1]) {
    const x = tensor(Float32Array.from({ length: m * k }, (_, i) => Math.cos(i)), [m, k]);
    const times = Object.fromEntries(Object.keys(weights).map((name) => [name, []]));
    for (let round = 0; round < 60; round++) {
      for (const [name, weight] of Object.entries(weights)) {
        const lap = stopwatch(cpu);
        for (let i = 0; i < (m === 1 ? 32 : 1); i++) linear(x, weight).dispose();
        if (round >= 20) times[name].push(1000 * lap() / (m === 1 ? 32 : 1));
      }
    }
    const [f32, ...few] = Object.entries(times).map(([name, all]) => ({ name, ms: median(all) }));
    for (const { name, ms } of few) {
      rows.push({ name: `product [${m}, ${k}] · [${k}, ${n}], ${name} against f32`, value: `${(f32.ms / ms).toFixed(2)}×`, figure: f32.ms / ms, note: `${((m * n * k) / ms / 1e6).toFixed(1)} and ${((m * n * k) / f32.ms / 1e6).toFixed(1)} G multiply-adds/s` });
    }
    x.dispose();
  }
  disposeTree(weights);
  return rows;
}

/** Milliseconds of a prompt and of each token after it, once. */
async function ourRun({ model, params }, { cpu, cacheBits }) {
  const prompt = Array.from({ length: PROMPT }, (_, i) => 3 + (i % 200));
  const tokenMs = [];
  let prefillMs;
  let lap = stopwatch(cpu);
  for await (const _ of generate(model, params, [prompt], { maxTokens: TOKENS + 1, sampler: greedy, eosIds: [], cacheBits })) {
    if (prefillMs === undefined) prefillMs = 1000 * lap();
    else tokenMs.push(1000 * lap());
    lap = stopwatch(cpu);
  }
  return { prefillMs, tokenMs };
}

/** The same file here and in llama.cpp, in turns. */
async function decoding(file, { threads, cpu, mixture }) {
  const { loadGguf } = await import('@llm/quantize/node');
  await useDevice('wasm', { threads });
  const loaded = await loadGguf(file);
  const contestants = { ours: () => ourRun(loaded, { cpu }), 'ours, cache of 8 bits': () => ourRun(loaded, { cpu, cacheBits: 8 }) };
  const peer = await llamaPeer(file, { threads, cpu, prompt: PROMPT, tokens: TOKENS });
  if (peer !== undefined) contestants['llama.cpp'] = peer.measure;
  const found = Object.fromEntries(Object.keys(contestants).map((name) => [name, { prefill: [], token: [] }]));
  for (let round = -1; round < 6; round++) {
    for (const [name, run] of Object.entries(contestants)) {
      const { prefillMs, tokenMs } = await run();
      if (round < 0) continue;
      found[name].prefill.push(prefillMs);
      // The first tokens after a prompt are recorded, and compiled.
      found[name].token.push(...tokenMs.slice(4));
    }
  }
  peer?.close();
  const bytes = Object.values(flatten(loaded.params)).reduce((sum, { size }) => sum + 4 * size, 0);
  disposeTree(loaded.params);
  const rate = (name, what) => (what === 'prefill' ? PROMPT : 1) * 1000 / median(found[name][what]);
  return [['decode', 'token'], ['prefill', 'prefill']].map(([label, what]) => {
    const own = rate('ours', what);
    const cached = `with a cache of 8 bits ${rate('ours, cache of 8 bits', what).toFixed(0)}`;
    const ratio = peer === undefined ? undefined : own / rate('llama.cpp', what);
    return {
      name: `${label} ${mixture}, 110 M parameters, ${threads} threads`, value: `${own.toFixed(0)} tok/s`, figure: own, ...(ratio === undefined ? {} : { ratio }),
      note: [ratio === undefined ? 'no llama.cpp (LLAMA_CPP=folder of its libraries)' : `${ratio.toFixed(2)}× llama.cpp (${rate('llama.cpp', what).toFixed(0)} tok/s)`, cached, `${(bytes / 1e6).toFixed(0)} MB of weights`].join('; '),
    };
  });
}

/** What a cache for 2,048 tokens takes. */
async function caches() {
  await useDevice('wasm');
  const { shape } = createModel(CONFIG);
  const bytes = [32, 8, 4].map((bits) => {
    const cache = kvCache(shape, { batch: 1, capacity: 2048, bits });
    const sum = cache.layers.reduce((total, { k, v }) => total + 4 * (k.size + v.size), 0);
    cache.dispose();
    return sum / 1e6;
  });
  return [{ name: 'keys and values of 2,048 tokens, 32, 8, 4 bits', value: bytes.map((each) => each.toFixed(0)).join(', ') + ' MB', figure: bytes[1], ratio: bytes[1] / bytes[0] }];
}

/** Quantized products against our float32, and a whole model in Q8_0 and Q4_0 against llama.cpp on the same files. */
export async function quantized({ threads, cpu = false }) {
  const { planGguf } = await import('@llm/quantize');
  const { writeGgufFile } = await import('@llm/tensor/node');
  const rows = [...await products({ threads, cpu }), ...await caches()];
  const folder = mkdtempSync(join(tmpdir(), 'quantized-'));
  try {
    const model = createModel(CONFIG);
    for (const mixture of ['Q8_0', 'Q4_0']) {
      await useDevice('wasm', { threads });
      const params = model.init(1);
      const { keys, tensors } = planGguf(model, params, { mixture });
      const file = join(folder, `${mixture}.gguf`);
      await writeGgufFile(file, keys, tensors);
      disposeTree(params);
      rows.push(...await decoding(file, { threads, cpu, mixture }));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
}
