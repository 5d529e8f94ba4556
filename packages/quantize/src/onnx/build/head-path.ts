import type { Model, ModelConfig } from '@llm/model';

/** The path of the leaf that the head multiplies with: its own, or the embedding that it is tied to. */
export function headPath({ config, shape }: Pick<Model<ModelConfig>, 'config' | 'shape'>): string {
  if (!shape.tied) return 'lm_head.weight';
  return config.modelType === 'gpt2' ? 'transformer.wte.weight' : 'model.embed_tokens.weight';
}
