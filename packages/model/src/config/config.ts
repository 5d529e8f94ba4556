import type { BertConfig } from '../architectures/bert.ts';
import type { GemmaConfig } from '../architectures/gemma.ts';
import type { GlmConfig } from '../architectures/glm.ts';
import type { Gpt2Config } from '../architectures/gpt2.ts';
import type { LlamaConfig } from '../architectures/llama.ts';
import type { MoeConfig } from '../architectures/moe.ts';
import type { NanochatConfig } from '../architectures/nanochat.ts';
import type { T5Config } from '../architectures/t5-parameters.ts';
import { ModelError, shown } from '../errors.ts';
import { bertKeys, readBertConfig } from './bert-config.ts';
import { type Fields, fields } from './fields.ts';
import { gemmaKeys, readGemmaConfig } from './gemma-config.ts';
import { glmKeys, readGlmConfig } from './glm-config.ts';
import { gpt2Keys, readGpt2Config } from './gpt2-config.ts';
import { llamaKeys, readLlamaConfig } from './llama-config.ts';
import { moeKeys, readMoeConfig } from './moe-config.ts';
import { nanochatKeys, readNanochatConfig } from './nanochat-config.ts';
import { readT5Config, t5Keys } from './t5-config.ts';

/** The configuration of any architecture; `modelType` tells which. */
export type ModelConfig = Gpt2Config | LlamaConfig | GemmaConfig | NanochatConfig | MoeConfig | BertConfig | GlmConfig | T5Config;
type ModelType = ModelConfig['modelType'];
type Having<C extends ModelConfig, T> = C extends unknown ? (T extends C['modelType'] ? C : never) : never;
type ConfigOf<T extends ModelType> = Having<ModelConfig, T>;

/** How one family reads and writes its config.json, and what transformers calls it. */
interface Family<T extends ModelType> {
  readonly className: string;
  read(config: Fields): ConfigOf<T>;
  keys(config: ConfigOf<T>): Record<string, unknown>;
}

const FAMILIES: { readonly [T in ModelType]: Family<T> } = {
  gpt2: { className: 'GPT2LMHeadModel', read: readGpt2Config, keys: gpt2Keys },
  llama: { className: 'LlamaForCausalLM', read: (config) => readLlamaConfig(config, 'llama'), keys: llamaKeys },
  qwen2: { className: 'Qwen2ForCausalLM', read: (config) => readLlamaConfig(config, 'qwen2'), keys: llamaKeys },
  qwen3: { className: 'Qwen3ForCausalLM', read: (config) => readLlamaConfig(config, 'qwen3'), keys: llamaKeys },
  gemma2: { className: 'Gemma2ForCausalLM', read: (config) => readGemmaConfig(config, 'gemma2'), keys: gemmaKeys },
  gemma3_text: { className: 'Gemma3ForCausalLM', read: (config) => readGemmaConfig(config, 'gemma3_text'), keys: gemmaKeys },
  nanochat: { className: 'NanoChatForCausalLM', read: readNanochatConfig, keys: nanochatKeys },
  mixtral: { className: 'MixtralForCausalLM', read: (config) => readMoeConfig(config, 'mixtral'), keys: moeKeys },
  qwen3_moe: { className: 'Qwen3MoeForCausalLM', read: (config) => readMoeConfig(config, 'qwen3_moe'), keys: moeKeys },
  bert: { className: 'BertForMaskedLM', read: (config) => readBertConfig(config, 'bert'), keys: bertKeys },
  roberta: { className: 'RobertaForMaskedLM', read: (config) => readBertConfig(config, 'roberta'), keys: bertKeys },
  t5: { className: 'T5ForConditionalGeneration', read: readT5Config, keys: t5Keys },
  glm: { className: 'GLMForConditionalGeneration', read: readGlmConfig, keys: glmKeys },
};
const names = Object.keys(FAMILIES).join(', ');

/** How numbers are stored in a checkpoint. */
export type CheckpointDtype = 'F32' | 'F16' | 'BF16';

const DTYPE_NAMES: Readonly<Record<CheckpointDtype, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/**
 * The checked configuration of a model from its parsed Hugging Face `config.json`: `model_type` gpt2, llama, qwen2, qwen3, gemma2,
 * gemma3_text, nanochat, mixtral, qwen3_moe, bert, roberta, t5 or glm (the original one), in the keys of transformers 5
 * (`rope_parameters`, `dtype`) or those before (`rope_theta`, `rope_scaling`, `torch_dtype`).
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
  if (type === 'gemma3') {
    throw new ModelError('E_ARCHITECTURE', 'readConfig: expected model_type gemma3_text but found gemma3, which sees pictures too. Use a text-only checkpoint, such as that of 270M or 1B.');
  }
  if (Object.hasOwn(FAMILIES, type)) return FAMILIES[type as ModelType].read(config);
  throw new ModelError('E_ARCHITECTURE', `readConfig: expected model_type to be one of ${names} but found ${shown(type)}. Use a checkpoint of one of these.`);
}

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
  const family = FAMILIES[config.modelType] as Family<ModelType>;
  const json = {
    architectures: [family.className],
    model_type: config.modelType,
    dtype: DTYPE_NAMES[dtype],
    torch_dtype: DTYPE_NAMES[dtype],
    use_cache: true,
    ...family.keys(config),
  };
  const back = readConfig(json) as unknown as Readonly<Record<string, unknown>>;
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(back[key])) {
      throw new ModelError('E_CONFIG', `writeConfig: expected ${key} to be ${shown(back[key])}, all that config.json can say for ${config.modelType}, but found ${shown(value)}. Change it, or choose another modelType.`);
    }
  }
  return json;
}
