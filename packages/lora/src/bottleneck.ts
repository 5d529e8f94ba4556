import { type Activation, randomNormal, type Tree, zeros } from '@llm/tensor';
import { attach } from './adapter.ts';
import { bottleneckLayer, type BottleneckLayer } from './layers/bottleneck-layer.ts';
import { selectModules, type TargetOptions } from './targets/select.ts';

/** The last matrices of attention and MLP by model type: where Houlsby's adapters stand. */
const DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  bert: ['output.dense'], roberta: ['output.dense'], gpt2: ['c_proj'],
  gemma: ['o_proj', 'down_proj'], llama: ['o_proj', 'down_proj'], mistral: ['o_proj', 'down_proj'], qwen2: ['o_proj', 'down_proj'], qwen3: ['o_proj', 'down_proj'],
};

export interface BottleneckOptions extends TargetOptions {
  /** Values in the middle; default 64. */
  readonly width?: number;
  /** Default gelu. */
  readonly activation?: Activation;
  readonly seed?: number;
}

/**
 * The tree of a model with Houlsby's adapters: a bottleneck behind attention and one behind the MLP of each layer. The upper
 * matrix begins as zeros, so that nothing changes at first. It is not linear and so cannot be merged.
 *
 * Houlsby et al. 2019, https://arxiv.org/abs/1902.00751
 *
 * @throws LoraError E_TARGETS where no module matches.
 *
 * @example
 * ```ts
 * import { bottleneck, trainable } from '@llm/lora';
 * import { createModel } from '@llm/model';
 * import { flatten, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const params = bottleneck(model.init(0), { modelType: 'gpt2', width: 2 });
 * if (Object.keys(flatten(params)).filter(trainable(params)).length !== 8) throw new Error('two bottlenecks of four tensors');
 * ```
 */
export function bottleneck(params: Tree, options: BottleneckOptions = {}): Tree {
  const { width = 64, activation = 'gelu', seed = 0, modelType } = options;
  const targets = options.targets ?? (modelType !== undefined && Object.hasOwn(DEFAULTS, modelType) ? DEFAULTS[modelType] : undefined);
  const layers: Record<string, BottleneckLayer> = {};
  for (const { name, embedding, outputs, inputs, fanInFanOut } of selectModules('bottleneck', params, { ...options, ...(targets === undefined ? {} : { targets }) })) {
    if (embedding) continue;
    layers[name] = bottleneckLayer({
      down: randomNormal([width, outputs], { std: 1 / Math.sqrt(outputs), seed, stream: `${name}.adapter_down` }), downBias: zeros([width]),
      up: zeros([outputs, width]), upBias: zeros([outputs]),
    }, { inputs, fanInFanOut, activation });
  }
  return attach(params, { layers, saved: {} });
}
