import { bert } from '../architectures/bert.ts';
import { gemma } from '../architectures/gemma.ts';
import { glm } from '../architectures/glm.ts';
import { gpt2 } from '../architectures/gpt2.ts';
import { llama } from '../architectures/llama.ts';
import { moe } from '../architectures/moe.ts';
import { nanochat } from '../architectures/nanochat.ts';
import { t5 } from '../architectures/t5.ts';
import type { EncoderDecoder } from '../encoder-decoder.ts';
import { ModelError } from '../errors.ts';
import type { Model } from '../model.ts';
import { type ModelConfig, readConfig, writeConfig } from './config.ts';

type Source = ModelConfig | Readonly<Record<string, unknown>>;

/**
 * The model of a configuration: a parsed `config.json`, or a `ModelConfig`, which is checked in the same way.
 *
 * @throws ModelError as `readConfig`, and E_ARCHITECTURE for an encoder-decoder model, which `createEncoderDecoder` makes.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * const model = createModel({ model_type: 'gpt2', vocab_size: 256, n_embd: 8, n_head: 2, n_layer: 1 });
 * if (model.shape.headDim !== 4) throw new Error('8 / 2');
 * ```
 */
export function createModel(source: Source): Model<ModelConfig> {
  const config = checked(source);
  switch (config.modelType) {
    case 'gpt2': return gpt2(config);
    case 'bert': case 'roberta': return bert(config);
    case 'glm': return glm(config);
    case 'gemma2': case 'gemma3_text': return gemma(config);
    case 'nanochat': return nanochat(config);
    case 'mixtral': case 'qwen3_moe': return moe(config);
    case 't5': throw new ModelError('E_ARCHITECTURE', 'createModel: expected a model of one stack but found t5, which has an encoder and a decoder. Use createEncoderDecoder, and loadEncoderDecoder for a folder.');
    default: return llama(config);
  }
}

/**
 * The encoder-decoder model of a configuration: a parsed `config.json` of T5, or a `T5Config`.
 *
 * @throws ModelError as `readConfig`, and E_ARCHITECTURE for a model of one stack, which `createModel` makes.
 *
 * @example
 * ```ts
 * import { createEncoderDecoder } from '@llm/model';
 * const model = createEncoderDecoder({ model_type: 't5', vocab_size: 256, d_model: 8, d_kv: 4, d_ff: 16, num_layers: 2, num_heads: 2 });
 * if (model.shape.decoderLayers !== 2) throw new Error('as many as in the encoder');
 * ```
 */
export function createEncoderDecoder(source: Source): EncoderDecoder<ModelConfig> {
  const config = checked(source);
  if (config.modelType === 't5') return t5(config);
  throw new ModelError('E_ARCHITECTURE', `createEncoderDecoder: expected t5 but found ${config.modelType}, which has one stack. Use createModel, and loadPretrained for a folder.`);
}

function checked(source: Source): ModelConfig {
  const typed = typeof source === 'object' && source !== null && Object.hasOwn(source, 'modelType');
  return readConfig(typed ? writeConfig(source as ModelConfig) : source);
}
