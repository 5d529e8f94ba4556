import { frequencies, type LlamaConfig, type ModelConfig, ModelError, type RopeScaling } from '@llm/model';
import type { GgufValue } from '@llm/tensor';
import { type Architecture, f32, type Placement, type StoredModel, u32 } from './architecture.ts';
import { type Keys, readKeys } from './read-keys.ts';

/** llama.cpp's names for the matrices of a layer. */
const MATRICES: readonly (readonly [path: string, name: string])[] = [
  ['self_attn.q_proj', 'attn_q'], ['self_attn.k_proj', 'attn_k'], ['self_attn.v_proj', 'attn_v'], ['self_attn.o_proj', 'attn_output'],
  ['mlp.gate_proj', 'ffn_gate'], ['mlp.up_proj', 'ffn_up'], ['mlp.down_proj', 'ffn_down'],
];

function configOf(config: ModelConfig): LlamaConfig {
  const found = config as LlamaConfig;
  const refuse = (what: string, value: string): never => {
    throw new ModelError('E_CONFIG', `exportGguf: expected ${what} but found ${value}, which llama.cpp has no ${found.modelType} for. Export to safetensors.`);
  };
  if (found.activation !== 'silu') refuse('hidden_act silu', found.activation);
  if (found.slidingWindow !== undefined) refuse('attention over all positions', `a sliding window of ${found.slidingWindow}`);
  if (found.modelType !== 'llama' && found.outputBias) refuse('no attention_bias', 'one');
  return found;
}

/** llama3 scaling is a tensor of what each frequency is divided by. */
function factorsOf({ headDim, ropeTheta, ropeScaling }: { headDim: number; ropeTheta: number; ropeScaling: RopeScaling }): Float32Array {
  const [plain, scaled] = [frequencies({ headDim, theta: ropeTheta }), frequencies({ headDim, theta: ropeTheta, scaling: ropeScaling })];
  return Float32Array.from(plain, (frequency, i) => frequency / scaled[i]!);
}

const FACTORS = 'rope_freqs.weight';

/** Contexts that models with llama3 scaling were trained on at first. */
const ORIGINAL_CONTEXTS = [8192, 4096, 2048, 16_384, 32_768];

/** The parameters of llama3 scaling from its factors: all published models have low and high factors of 1 and 4. */
function scalingFrom(factors: Float32Array, { headDim, ropeTheta, original }: { headDim: number; ropeTheta: number; original: number | undefined }): RopeScaling {
  const factor = factors.reduce((largest, value) => Math.max(largest, value), 1);
  for (const originalMaxPositions of [...(original === undefined ? [] : [original]), ...ORIGINAL_CONTEXTS]) {
    const ropeScaling: RopeScaling = { type: 'llama3', factor, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions };
    const expected = factorsOf({ headDim, ropeTheta, ropeScaling });
    if (expected.every((value, i) => Math.abs(value - factors[i]!) <= 1e-4 * value)) return ropeScaling;
  }
  throw new ModelError('E_ROPE', `importGguf: expected ${FACTORS} as of Llama 3 with low and high factors 1 and 4 but found other factors up to ${factor}. Use the Hugging Face folder of the model.`);
}

function scalingKeys(name: string, { ropeScaling }: LlamaConfig): [string, GgufValue][] {
  if (ropeScaling.type === 'linear') return [[`${name}.rope.scaling.type`, 'linear'], [`${name}.rope.scaling.factor`, f32(ropeScaling.factor)]];
  if (ropeScaling.type === 'llama3') {
    if (ropeScaling.lowFreqFactor !== 1 || ropeScaling.highFreqFactor !== 4) throw new ModelError('E_ROPE', `exportGguf: expected low and high factors 1 and 4 but found ${ropeScaling.lowFreqFactor} and ${ropeScaling.highFreqFactor}. Export to safetensors.`);
    return [[`${name}.rope.scaling.original_context_length`, u32(ropeScaling.originalMaxPositions)]];
  }
  return [];
}

async function readScaling(keys: Keys, stored: StoredModel, { name, headDim, ropeTheta, extra }: { name: string; headDim: number; ropeTheta: number; extra: (name: string) => Promise<Float32Array> }): Promise<RopeScaling> {
  const original = keys.number(`${name}.rope.scaling.original_context_length`, 0);
  if (stored.tensors.has(FACTORS)) return scalingFrom(await extra(FACTORS), { headDim, ropeTheta, original: original === 0 ? undefined : original });
  const type = keys.text(`${name}.rope.scaling.type`, 'none');
  if (type === 'none') return { type: 'default' };
  if (type !== 'linear') throw new ModelError('E_ROPE', `importGguf: expected rope scaling none or linear but found ${type}. Use a model with one of these.`);
  return { type, factor: keys.number(`${name}.rope.scaling.factor`) };
}

/**
 * Llama and its kin. Rows of Llama's queries and keys are interleaved within each head, since llama.cpp turns neighbours for it where Hugging
 * Face turns halves; for Qwen it turns halves too.
 */
function family(name: 'llama' | 'qwen2' | 'qwen3'): Architecture {
  return {
    name,
    keys(given) {
      const config = configOf(given);
      return [
        [`${name}.block_count`, u32(config.layers)], [`${name}.context_length`, u32(config.maxPositions)], [`${name}.embedding_length`, u32(config.hiddenSize)],
        [`${name}.feed_forward_length`, u32(config.intermediateSize)], [`${name}.attention.head_count`, u32(config.heads)], [`${name}.attention.head_count_kv`, u32(config.kvHeads)],
        [`${name}.attention.key_length`, u32(config.headDim)], [`${name}.attention.value_length`, u32(config.headDim)], [`${name}.attention.layer_norm_rms_epsilon`, f32(config.normEps)],
        [`${name}.rope.dimension_count`, u32(config.headDim)], [`${name}.rope.freq_base`, f32(config.ropeTheta)], ...scalingKeys(name, config), [`${name}.vocab_size`, u32(config.vocabSize)],
      ];
    },
    placements(given) {
      const config = configOf(given);
      const biased = (path: string): boolean => (path.startsWith('mlp') ? config.mlpBias : path === 'self_attn.o_proj' ? config.outputBias : config.qkvBias);
      const headsOf = (path: string): { heads?: number } => (name !== 'llama' || !/[qk]_proj/.test(path) ? {} : { heads: path.includes('q_proj') ? config.heads : config.kvHeads });
      const found: Placement[] = [{ path: 'model.embed_tokens.weight', name: 'token_embd.weight' }];
      for (let i = 0; i < config.layers; i++) {
        const [from, to] = [`model.layers.${i}`, `blk.${i}`];
        found.push({ path: `${from}.input_layernorm.weight`, name: `${to}.attn_norm.weight` });
        for (const [path, called] of MATRICES) {
          found.push({ path: `${from}.${path}.weight`, name: `${to}.${called}.weight`, ...headsOf(path) });
          if (biased(path)) found.push({ path: `${from}.${path}.bias`, name: `${to}.${called}.bias`, ...headsOf(path) });
        }
        if (config.qkNorm) found.push(...['q', 'k'].map((each) => ({ path: `${from}.self_attn.${each}_norm.weight`, name: `${to}.attn_${each}_norm.weight` })));
        found.push({ path: `${from}.post_attention_layernorm.weight`, name: `${to}.ffn_norm.weight` });
      }
      found.push({ path: 'model.norm.weight', name: 'output_norm.weight' });
      if (!config.tied) found.push({ path: 'lm_head.weight', name: 'output.weight' });
      return found;
    },
    extras(given) {
      const config = configOf(given);
      return config.ropeScaling.type === 'llama3' ? [{ name: FACTORS, values: factorsOf(config) }] : [];
    },
    async readConfig(stored, extra) {
      const keys = readKeys(stored.metadata);
      const { tensors } = stored;
      if (keys.number(`${name}.expert_count`, 0) > 0) throw new ModelError('E_ARCHITECTURE', 'importGguf: expected a model without experts but found one with. Use its Hugging Face folder.');
      const heads = keys.number(`${name}.attention.head_count`);
      const hiddenSize = keys.number(`${name}.embedding_length`);
      const headDim = keys.number(`${name}.attention.key_length`, hiddenSize / heads);
      if (keys.number(`${name}.rope.dimension_count`, headDim) !== headDim) throw new ModelError('E_ROPE', 'importGguf: expected every value of a head to be turned but found only a part. Use a model that turns all.');
      const ropeTheta = keys.number(`${name}.rope.freq_base`, 10_000);
      const scaling = await readScaling(keys, stored, { name, headDim, ropeTheta, extra });
      return {
        model_type: name, vocab_size: tensors.get('token_embd.weight')?.shape[0], hidden_size: hiddenSize, intermediate_size: keys.number(`${name}.feed_forward_length`),
        num_hidden_layers: keys.number(`${name}.block_count`), num_attention_heads: heads, num_key_value_heads: keys.number(`${name}.attention.head_count_kv`, heads), head_dim: headDim,
        max_position_embeddings: keys.number(`${name}.context_length`), rms_norm_eps: keys.number(`${name}.attention.layer_norm_rms_epsilon`), rope_theta: ropeTheta,
        ...(scaling.type === 'default' ? {} : {
          rope_scaling: scaling.type === 'linear' ? { rope_type: 'linear', factor: scaling.factor } : {
            rope_type: 'llama3', factor: scaling.factor, low_freq_factor: scaling.lowFreqFactor, high_freq_factor: scaling.highFreqFactor, original_max_position_embeddings: scaling.originalMaxPositions,
          },
        }),
        tie_word_embeddings: !tensors.has('output.weight'), attention_bias: name === 'llama' && tensors.has('blk.0.attn_q.bias'), mlp_bias: tensors.has('blk.0.ffn_gate.bias'),
      };
    },
  };
}

export const llamaGguf: Architecture = family('llama');
export const qwen2Gguf: Architecture = family('qwen2');
export const qwen3Gguf: Architecture = family('qwen3');
