// Models small enough to be made anew wherever they are needed: their values are whole numbers times a power of two, the same everywhere.
import { createModel } from '@llm/model';
import { tensor, unflatten } from '@llm/tensor';
import { gpt2Split, llama3Split, qwen2Split, trainBpe } from '@llm/tokenizer';
import { bell, random } from './seeded.mjs';

export const TEXTS = [
  'The quick brown fox jumps over the lazy dog, and the dog sleeps on.\n', 'It is 1984, 2001 or 12345? We don\'t know; they\'ll say it\'s 3.14159.\n\n',
  'def f(x):\n    return [y ** 2 for y in range(x)]\n', 'Äpfel, Öl und Übermut: größer als früher. Naïve café — “quoted”.\n', '日本語のテキスト と 한국어 텍스트.\n',
  '  two spaces, a\ttab and trailing ones   ', '🎉 emoji 👩‍👩‍👧 and e\u0301 combined\r\n\r\nlines', 'I\'M SHOUTING, YOU\'RE NOT',
];

const ROTARY = { hidden_size: 128, intermediate_size: 96, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 128 };
// Seeds whose best tokens are no near ties: llama.cpp rounds states to eight bits before it multiplies them with few bits.
const MODELS = {
  // Rows of 64 in attention's output and in the MLP's fall back to types with blocks of 32.
  llama: { seed: 6, leading: 0.1, split: gpt2Split, config: { ...ROTARY, model_type: 'llama', hidden_size: 256, intermediate_size: 64, num_attention_heads: 2, num_key_value_heads: 1, head_dim: 32, rms_norm_eps: 1e-5 } },
  llama3: {
    seed: 14, leading: 0.15, split: llama3Split, config: {
      ...ROTARY, model_type: 'llama', rms_norm_eps: 1e-5, rope_theta: 500_000, attention_bias: true,
      rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 32 },
    },
  },
  qwen2: { seed: 10, leading: 0.2, split: qwen2Split, config: { ...ROTARY, model_type: 'qwen2', rope_theta: 1e6 } },
  qwen3: { seed: 18, leading: 0, split: qwen2Split, config: { ...ROTARY, model_type: 'qwen3', head_dim: 32, rope_theta: 1e6, tie_word_embeddings: true } },
  gpt2: { seed: 9, leading: 0.1, split: gpt2Split, config: { model_type: 'gpt2', n_embd: 256, n_inner: 64, n_layer: 2, n_head: 4, n_positions: 128, tie_word_embeddings: false } },
};

/** The names of the models. */
export const NAMES = Object.keys(MODELS);

const VOCAB = 304;
/** Values are whole numbers of these. */
const UNIT = 1 / 4096;

/** A model with its parameters and its tokenizer; needs a device in use. */
export async function tinyModel(name) {
  const { seed, split, config, leading } = MODELS[name];
  const tokenizer = await trainBpe(TEXTS.slice(0, 5), { vocabSize: 300, specialTokens: ['<|endoftext|>', '<|im_start|>'], pattern: split });
  const model = createModel({ ...config, vocab_size: VOCAB, bos_token_id: 0, eos_token_id: 0 });
  const made = new Map();
  model.parameters.forEach(({ name: path, shape }, i) => {
    const next = random(1000 * seed + i);
    const size = sizeOf(path, shape);
    const middle = shape.length === 1 && !path.endsWith('bias') ? 1 : 0;
    const values = Float32Array.from({ length: shape.reduce((product, each) => product * each, 1) }, () => Math.round((bell(next) * size) / UNIT) * UNIT + middle);
    if (path === 'lm_head.weight') lead(values, made.get('model.embed_tokens.weight') ?? made.get('transformer.wte.weight'), { width: shape[1], share: leading });
    made.set(path, values);
  });
  const params = unflatten(model.parameters.map(({ name: path, shape }) => [path, tensor(made.get(path), [...shape])]));
  return { model, params, tokenizer };
}

/** Norms near one, small biases, matrices that keep the size of what goes through them, and less of it into the residual stream. */
function sizeOf(path, shape) {
  if (shape.length === 1) return path.endsWith('bias') ? 0.16 : 0.32;
  if (/wte|wpe|embed/.test(path)) return 1.28;
  const inputs = path.includes('.h.') ? shape[0] : shape[1];
  return (/o_proj|down_proj|c_proj/.test(path) ? 1.12 : 2.56) / Math.sqrt(inputs);
}

/** Lets each token lead to another one, more or less, so that answers are no loops of a few tokens. */
function lead(head, embedding, { width, share }) {
  const tokens = head.length / width;
  for (let token = 0; token < tokens; token++) {
    const next = (token * 5 + 7) % tokens;
    for (let i = 0; i < width; i++) head[next * width + i] += Math.round((embedding[token * width + i] * share) / UNIT) * UNIT;
  }
}
