import type { Gpt2Config } from '../architectures/gpt2.ts';
import type { LlamaConfig } from '../architectures/llama.ts';
import { ModelError, shown } from '../errors.ts';
import { fields } from './fields.ts';
import { gpt2Keys, readGpt2Config } from './gpt2-config.ts';
import { llamaKeys, readLlamaConfig } from './llama-config.ts';

/** The configuration of any architecture; `modelType` tells which. */
export type ModelConfig = Gpt2Config | LlamaConfig;

/** How numbers are stored in a checkpoint. */
export type CheckpointDtype = 'F32' | 'F16' | 'BF16';

const DTYPE_NAMES: Readonly<Record<CheckpointDtype, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/**
 * The checked configuration of a model from its parsed Hugging Face `config.json`: `model_type` gpt2, llama, qwen2 or qwen3, in
 * the keys of transformers 5 (`rope_parameters`, `dtype`) or those before (`rope_theta`, `rope_scaling`, `torch_dtype`).
 *
 * @throws ModelError E_ARCHITECTURE, E_CONFIG, E_ROPE or E_ACTIVATION, naming the key, what was expected and what was found.
 *
 * @example
 * ```ts
 * import { readConfig } from '@llm/model';
 * const config = readConfig({ model_type: 'gpt2', vocab_size: 50257, n_embd: 768, n_head: 12, n_layer: 12 });
 * if (config.modelType !== 'gpt2' || config.intermediateSize !== 4 * 768) throw new Error('four times the width');
 * ```
 */
export function readConfig(json: unknown): ModelConfig {
  const config = fields(json, 'config.json');
  config.only('quantization_config', undefined, 'Quantized checkpoints are not supported here; use the unquantized one.');
  const type = config.text('model_type');
  if (type === 'gpt2') return readGpt2Config(config);
  if (type === 'llama' || type === 'qwen2' || type === 'qwen3') return readLlamaConfig(config, type);
  throw new ModelError('E_ARCHITECTURE', `readConfig: expected model_type gpt2, llama, qwen2 or qwen3 but found ${shown(type)}. Use a checkpoint of one of these.`);
}

const CLASSES: Readonly<Record<ModelConfig['modelType'], string>> = {
  gpt2: 'GPT2LMHeadModel', llama: 'LlamaForCausalLM', qwen2: 'Qwen2ForCausalLM', qwen3: 'Qwen3ForCausalLM',
};

/**
 * The `config.json` of a configuration, with the keys of transformers 5 and those that older readers know.
 *
 * @throws ModelError as `readConfig`, and E_CONFIG for a switch that the family's config.json cannot express.
 *
 * @example
 * ```ts
 * import { readConfig, writeConfig } from '@llm/model';
 * const config = readConfig({ model_type: 'gpt2', vocab_size: 256, n_embd: 8, n_head: 2, n_layer: 1 });
 * const json = writeConfig(config, { dtype: 'BF16' });
 * if (json.dtype !== 'bfloat16' || JSON.stringify(readConfig(json)) !== JSON.stringify(config)) throw new Error('round trip');
 * ```
 */
export function writeConfig(config: ModelConfig, { dtype = 'F32' }: { dtype?: CheckpointDtype } = {}): Record<string, unknown> {
  const json = {
    architectures: [CLASSES[config.modelType]],
    model_type: config.modelType,
    dtype: DTYPE_NAMES[dtype],
    torch_dtype: DTYPE_NAMES[dtype],
    use_cache: true,
    ...(config.modelType === 'gpt2' ? gpt2Keys(config) : llamaKeys(config)),
  };
  const back = readConfig(json) as unknown as Readonly<Record<string, unknown>>;
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(back[key])) {
      throw new ModelError('E_CONFIG', `writeConfig: expected ${key} to be ${shown(back[key])}, all that config.json can say for ${config.modelType}, but found ${shown(value)}. Change it, or choose another modelType.`);
    }
  }
  return json;
}
