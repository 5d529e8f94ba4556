// What is exported and run: small models whose values are the same everywhere, in every format.
import { createHash } from 'node:crypto';
import { createModel, writeConfig } from '@llm/model';
import { onnxBytes, onnxFloat16, onnxFloat32, onnxInt8, onnxModel, onnxQ4, onnxQ4F16 } from '@llm/quantize';
import { tinyModel } from '../llama-cpp/tiny-models.mjs';

/** Grouped queries; scaled rotations and biases; biases; norms of queries and keys with a tied head; GPT-2; and two variants of these. */
export const NAMES = ['llama', 'llama3', 'qwen2', 'qwen3', 'gpt2', 'qwen3 with windows', 'gpt2 tied'];

/** A model with its parameters and its tokenizer; needs a device in use. */
export async function onnxCase(name) {
  const made = await tinyModel(name.split(' ')[0]);
  const config = writeConfig(made.model.config);
  if (name === 'qwen3 with windows') {
    return { ...made, model: createModel({ ...config, use_sliding_window: true, sliding_window: 5, max_window_layers: 1, layer_types: ['full_attention', 'sliding_attention'] }) };
  }
  if (name === 'gpt2 tied') {
    const { transformer, lm_head: unused } = made.params;
    unused.weight.dispose();
    return { ...made, model: createModel({ ...config, tie_word_embeddings: true }), params: { transformer } };
  }
  return made;
}

const named = (format, suffix) => ({ ...format, suffix });

/**
 * The formats that need no data. `most`: how far apart logits may be; in 16 bits states and the cache are rounded too, which ours are not.
 * `steps`: states are rounded to bytes, and one that lies within a rounding error of the middle of two may fall to either side.
 */
export const FORMATS = [
  { format: onnxFloat32(), most: 1e-3 },
  { format: onnxFloat16(), most: 0.2 },
  { format: onnxQ4(), q4: { block: 32, symmetric: true }, most: 1e-3 },
  { format: named(onnxQ4({ symmetric: false, block: 64 }), '_q4_asymmetric'), q4: { block: 64, symmetric: false }, most: 1e-3 },
  { format: named(onnxQ4({ symmetric: false, embeddings: true }), '_q4_embeddings'), q4: { block: 32, symmetric: false, embeddings: true }, most: 1e-3 },
  { format: onnxQ4F16(), q4: { block: 32, symmetric: true }, most: 0.2 },
  { format: onnxInt8(), steps: true },
  { format: onnxInt8({ dtype: 'int8', reduceRange: true }), reduceRange: true, steps: true },
];

/** The fingerprint of a file. */
export async function fingerprint(model, params, format) {
  return createHash('sha256').update(await onnxBytes(onnxModel(model, params, { format }))).digest('hex');
}
