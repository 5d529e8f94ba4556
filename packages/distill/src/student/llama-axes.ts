import type { LlamaConfig, Model, ModelConfig } from '@llm/model';

/** What an axis of a parameter counts. */
export type Axis = 'width' | 'mlp' | 'vocab' | 'heads' | 'keys' | 'head';

const AXES: readonly (readonly [pattern: RegExp, axes: readonly Axis[]])[] = [
  [/(?:embed_tokens|lm_head)\.weight$/, ['vocab', 'width']],
  [/(?:input_layernorm|post_attention_layernorm|model\.norm)\.weight$/, ['width']],
  [/q_proj\.weight$/, ['heads', 'width']],
  [/q_proj\.bias$/, ['heads']],
  [/[kv]_proj\.weight$/, ['keys', 'width']],
  [/[kv]_proj\.bias$/, ['keys']],
  [/o_proj\.weight$/, ['width', 'heads']],
  [/(?:o_proj|down_proj)\.bias$/, ['width']],
  [/(?:gate|up)_proj\.weight$/, ['mlp', 'width']],
  [/(?:gate|up)_proj\.bias$/, ['mlp']],
  [/down_proj\.weight$/, ['width', 'mlp']],
  [/[qk]_norm\.weight$/, ['head']],
];

/** The axes of a parameter of Llama, Qwen2 or Qwen3. */
export function axesOf(name: string): readonly Axis[] {
  const found = AXES.find(([pattern]) => pattern.test(name));
  if (found === undefined) throw new TypeError(`cutWidth: expected parameters of llama, qwen2 or qwen3 but found ${name}.`);
  return found[1];
}

/** The configuration of a model whose width can be cut. */
export function llamaConfigOf(model: Model<ModelConfig>): LlamaConfig {
  const { config } = model;
  if (config.modelType !== 'llama' && config.modelType !== 'qwen2' && config.modelType !== 'qwen3') {
    throw new TypeError(`cutWidth: expected llama, qwen2 or qwen3 but found ${config.modelType}. Drop layers (dropLayers) instead.`);
  }
  return config;
}
