import { ones, type Tree } from '@llm/tensor';
import { attach } from './adapter.ts';
import { ia3Layer, type Ia3Layer } from './layers/ia3-layer.ts';
import { savedOf } from './lora.ts';
import { endsWithOneOf, selectModules, type TargetOptions } from './targets/select.ts';

/** The modules of (IA)³ by model type, and which of them scale their input; PEFT 0.21's. */
const DEFAULTS: Readonly<Record<string, { readonly targets: readonly string[]; readonly feedforward: readonly string[] }>> = {
  bert: { targets: ['key', 'value', 'output.dense'], feedforward: ['output.dense'] },
  gemma: { targets: ['q_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] },
  gpt2: { targets: ['c_attn', 'mlp.c_proj'], feedforward: ['mlp.c_proj'] },
  llama: { targets: ['k_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] },
  mistral: { targets: ['k_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] },
  qwen2: { targets: ['q_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] },
  qwen3: { targets: ['q_proj', 'v_proj', 'down_proj'], feedforward: ['down_proj'] },
  roberta: { targets: ['key', 'value', 'output.dense'], feedforward: ['output.dense'] },
  t5: { targets: ['k', 'v', 'wo'], feedforward: ['wo'] },
};

export interface Ia3Options extends TargetOptions {
  /** Which of the targets scale their input, by the end of their names; default: those of `modelType`, or none. */
  readonly feedforward?: readonly string[];
  readonly modulesToSave?: readonly string[];
}

/**
 * The tree of a model whose keys, values and inner activations are scaled by learned vectors, (IA)³: some thousand numbers for a
 * whole model. They begin as ones, so that nothing changes at first.
 *
 * @throws LoraError E_TARGETS where no module matches.
 *
 * @example
 * ```ts
 * import { ia3, trainable } from '@llm/lora';
 * import { createModel } from '@llm/model';
 * import { flatten, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const params = ia3(model.init(0), { modelType: 'gpt2' });
 * if (Object.keys(flatten(params)).filter(trainable(params)).length !== 2) throw new Error('attention and MLP');
 * ```
 */
export function ia3(params: Tree, options: Ia3Options = {}): Tree {
  const known = options.modelType !== undefined && Object.hasOwn(DEFAULTS, options.modelType) ? DEFAULTS[options.modelType] : undefined;
  const { feedforward = known?.feedforward ?? [], modulesToSave = [] } = options;
  const targets = options.targets ?? known?.targets;
  const modules = selectModules('ia3', params, { ...options, ...(targets === undefined ? {} : { targets }), except: (name) => endsWithOneOf(name, modulesToSave) });
  const layers: Record<string, Ia3Layer> = {};
  for (const { name, embedding, fanInFanOut, outputs, inputs } of modules) {
    if (embedding) continue;
    const inner = endsWithOneOf(name, feedforward);
    layers[name] = ia3Layer(ones(inner ? [1, inputs] : [outputs, 1]), { fits: [outputs, inputs], feedforward: inner, fanInFanOut });
  }
  return attach(params, { layers, saved: savedOf(params, modulesToSave) });
}
