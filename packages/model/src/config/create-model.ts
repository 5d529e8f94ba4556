import { gpt2 } from '../architectures/gpt2.ts';
import { llama } from '../architectures/llama.ts';
import type { Model } from '../model.ts';
import { type ModelConfig, readConfig, writeConfig } from './config.ts';

/**
 * The model of a configuration: a parsed `config.json`, or a `ModelConfig`, which is checked in the same way.
 *
 * @throws ModelError as `readConfig`.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * const model = createModel({ model_type: 'gpt2', vocab_size: 256, n_embd: 8, n_head: 2, n_layer: 1 });
 * if (model.shape.headDim !== 4) throw new Error('8 / 2');
 * ```
 */
export function createModel(source: ModelConfig | Readonly<Record<string, unknown>>): Model<ModelConfig> {
  const typed = typeof source === 'object' && source !== null && Object.hasOwn(source, 'modelType');
  const config = readConfig(typed ? writeConfig(source as ModelConfig) : source);
  return config.modelType === 'gpt2' ? gpt2(config) : llama(config);
}
