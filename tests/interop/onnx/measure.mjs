// Tokens/s of one model in onnxruntime-node and here, both with two threads, taken in turns.
import { mkdirSync, statSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createModel, generate, greedy, parameterCount } from '@llm/model';
import { onnxFloat32, onnxInt8, onnxQ4, quantize, rtn } from '@llm/quantize';
import { saveOnnx } from '@llm/quantize/node';
import { int8, useDevice } from '@llm/tensor';
import { openSession } from './session.mjs';

const CONFIG = {
  model_type: 'llama', vocab_size: 16_384, hidden_size: 512, intermediate_size: 1536, num_hidden_layers: 8, num_attention_heads: 8, num_key_value_heads: 4,
  max_position_embeddings: 1024, tie_word_embeddings: true,
};
const PROMPT = 256;
const TOKENS = 64;

async function theirs(open, vocabulary) {
  open.reset();
  const prompt = Array.from({ length: PROMPT }, (_, i) => (i * 37) % vocabulary);
  const started = performance.now();
  let logits = await open.step([prompt]);
  const prefilled = performance.now();
  for (let i = 0; i < TOKENS; i++) {
    const last = logits.subarray(logits.length - vocabulary);
    let best = 0;
    for (let id = 1; id < vocabulary; id++) if (last[id] > last[best]) best = id;
    logits = await open.step([[best]]);
  }
  return { prefill: PROMPT / (prefilled - started) * 1000, decode: TOKENS / (performance.now() - prefilled) * 1000 };
}

async function ours(model, params, vocabulary) {
  const prompt = Array.from({ length: PROMPT }, (_, i) => (i * 37) % vocabulary);
  const started = performance.now();
  let first;
  for await (const _ of generate(model, params, [prompt], { maxTokens: TOKENS + 1, eosIds: [], sampler: greedy })) first ??= performance.now();
  return { prefill: PROMPT / (first - started) * 1000, decode: TOKENS / (performance.now() - first) * 1000 };
}

// Of what else runs on the machine the best run knows least.
const best = (values) => Math.max(...values);

export async function measure(ort, folder) {
  mkdirSync(folder, { recursive: true });
  const device = await useDevice('wasm', { threads: 2 });
  const model = createModel(CONFIG);
  const params = model.init(0);
  console.log(`\n${(parameterCount(model).total / 1e6).toFixed(1)}M parameters, prompt of ${PROMPT}, ${TOKENS} tokens greedily, two threads, best of eight in turns (${device.name}, Node ${process.versions.node}, load ${loadavg()[0].toFixed(1)})`);
  const trees = { fp32: params, q4: (await quantize(params, { format: rtn({ groupSize: 32 }) })).params, q8: (await quantize(params, { format: int8() })).params };
  for (const [name, formats] of [['fp32', onnxFloat32()], ['q4', onnxQ4()], ['q4, accuracy level 4', onnxQ4({ accuracyLevel: 4 })], ['q8', onnxInt8()]]) {
    await saveOnnx(folder, { model, params, formats: [formats] });
    const file = join(folder, 'onnx', `model${formats.suffix}.onnx`);
    const open = await openSession(ort, file, { shape: model.shape, half: false });
    const tree = trees[formats.name];
    const runs = { theirs: [], ours: [] };
    for (let i = 0; i < 9; i++) {
      const [a, b] = [await theirs(open, model.shape.vocabSize), await ours(model, tree, model.shape.vocabSize)];
      // The first warms up.
      if (i > 0) { runs.theirs.push(a); runs.ours.push(b); }
    }
    await open.release();
    const [a, b] = [runs.theirs, runs.ours].map((each) => ({ prefill: best(each.map(({ prefill }) => prefill)), decode: best(each.map(({ decode }) => decode)) }));
    console.log(`${name.padEnd(22)} ${(statSync(file).size / 1e6).toFixed(1).padStart(7)} MB   prefill ${a.prefill.toFixed(0).padStart(6)} tokens/s in onnxruntime, ${b.prefill.toFixed(0).padStart(6)} here   decode ${a.decode.toFixed(1).padStart(6)}, ${b.decode.toFixed(1).padStart(6)}`);
  }
}
