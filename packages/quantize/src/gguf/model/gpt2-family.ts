import { type Gpt2Config, type ModelConfig, ModelError } from '@llm/model';
import { type Architecture, f32, type Placement, u32 } from './architecture.ts';
import { readKeys } from './read-keys.ts';

/** Names of a layer; matrices are stored the other way round. */
const LAYER: readonly (readonly [path: string, name: string, transposed: boolean])[] = [
  ['ln_1', 'attn_norm', false], ['attn.c_attn', 'attn_qkv', true], ['attn.c_proj', 'attn_output', true],
  ['ln_2', 'ffn_norm', false], ['mlp.c_fc', 'ffn_up', true], ['mlp.c_proj', 'ffn_down', true],
];

function configOf(config: ModelConfig): Gpt2Config {
  const found = config as Gpt2Config;
  if (found.activation !== 'geluTanh') throw new ModelError('E_CONFIG', `exportGguf: expected activation_function gelu_new but found ${found.activation}, which llama.cpp's gpt2 has not. Export to safetensors.`);
  return found;
}

/** GPT-2, whose matrices are [in, out] here and [out, in] in the file. */
export const gpt2Gguf: Architecture = {
  name: 'gpt2',
  keys(given) {
    const config = configOf(given);
    return [
      ['gpt2.block_count', u32(config.layers)], ['gpt2.context_length', u32(config.maxPositions)], ['gpt2.embedding_length', u32(config.hiddenSize)],
      ['gpt2.feed_forward_length', u32(config.intermediateSize)], ['gpt2.attention.head_count', u32(config.heads)], ['gpt2.attention.layer_norm_epsilon', f32(config.normEps)],
    ];
  },
  placements(given) {
    const config = configOf(given);
    const found: Placement[] = [{ path: 'transformer.wte.weight', name: 'token_embd.weight' }, { path: 'transformer.wpe.weight', name: 'position_embd.weight' }];
    for (let i = 0; i < config.layers; i++) {
      for (const [path, called, transposed] of LAYER) {
        found.push({ path: `transformer.h.${i}.${path}.weight`, name: `blk.${i}.${called}.weight`, ...(transposed ? { transposed } : {}) }, { path: `transformer.h.${i}.${path}.bias`, name: `blk.${i}.${called}.bias` });
      }
    }
    found.push({ path: 'transformer.ln_f.weight', name: 'output_norm.weight' }, { path: 'transformer.ln_f.bias', name: 'output_norm.bias' });
    if (!config.tied) found.push({ path: 'lm_head.weight', name: 'output.weight' });
    return found;
  },
  extras: () => [],
  async readConfig({ metadata, tensors }) {
    const keys = readKeys(metadata);
    return {
      model_type: 'gpt2', vocab_size: tensors.get('token_embd.weight')?.shape[0], n_embd: keys.number('gpt2.embedding_length'), n_inner: keys.number('gpt2.feed_forward_length'),
      n_layer: keys.number('gpt2.block_count'), n_head: keys.number('gpt2.attention.head_count'), n_positions: keys.number('gpt2.context_length'),
      layer_norm_epsilon: keys.number('gpt2.attention.layer_norm_epsilon'), activation_function: 'gelu_new', tie_word_embeddings: !tensors.has('output.weight'),
      embd_pdrop: 0, resid_pdrop: 0,
    };
  },
};
