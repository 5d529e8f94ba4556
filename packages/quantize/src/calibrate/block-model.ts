import { createModel, type LlamaConfig, type Model, type ModelConfig, type MoeConfig } from '@llm/model';
import { clone, type Leaf, type Tensor, type Tree, type Weight, zeros } from '@llm/tensor';

/** A model of one block, and the trees under which the parameters of a block and what stands before it are put. */
interface Family {
  /** The configuration of a model whose only block is number `index`. */
  one(config: ModelConfig, index: number): ModelConfig;
  /** The tree of that model, whose first states are `states`. */
  tree(params: Tree, index: number, states: Tensor | undefined): Tree;
  /** What the block's output is captured as, and the path of its parameters. */
  readonly output: string;
  path(index: number): string;
}

/** Stands where an embedding would and gives states that are already known. */
function given(states: Tensor): Weight {
  const weight: Weight = {
    shape: [1, states.shape.at(-1)!],
    tensors: {},
    with: () => weight,
    apply: () => { throw new Error('blockModel: the head of a single block is not used'); },
    rows: () => clone(states),
  };
  return weight;
}

type Node = Readonly<Record<string, Tree>>;

const rotary: Pick<Family, 'tree' | 'output' | 'path'> = {
  tree(params, index, states) {
    const model = params['model'] as Tree;
    return {
      model: {
        embed_tokens: states === undefined ? model['embed_tokens']! : { weight: given(states) },
        layers: { 0: (model['layers'] as Node)[index]! }, norm: model['norm']!,
      },
      ...(params['lm_head'] === undefined ? {} : { lm_head: params['lm_head'] }),
    };
  },
  output: 'model.layers.0.mlp',
  path: (index) => `model.layers.${index}`,
};

const llama: Family = {
  ...rotary,
  one(config, index) {
    const { slidingLayers, ...rest } = config as LlamaConfig;
    const { slidingWindow, ...full } = rest;
    const sliding = slidingLayers?.[index] ?? true;
    return sliding && slidingWindow !== undefined ? { ...full, slidingWindow, slidingLayers: [true], layers: 1 } : { ...full, layers: 1 };
  },
};

const moe: Family = {
  ...rotary,
  one(config, index) {
    const { denseLayers, ...rest } = config as MoeConfig;
    return { ...rest, layers: 1, denseLayers: denseLayers.includes(index) ? [0] : [] };
  },
};

const gpt2: Family = {
  one: (config) => ({ ...config, layers: 1 }) as ModelConfig,
  tree(params, index, states) {
    const { wte, wpe, h, ln_f } = params['transformer'] as Tree;
    const [, width = 0] = (wte as { weight: Leaf }).weight.shape;
    const nothing: Weight = { ...given(zeros([1, width])), rows: (ids) => zeros([...ids.shape, width]) };
    return {
      transformer: { wte: states === undefined ? wte! : { weight: given(states) }, wpe: states === undefined ? wpe! : { weight: nothing }, h: { 0: (h as Node)[index]! }, ln_f: ln_f! },
      ...(params['lm_head'] === undefined ? {} : { lm_head: params['lm_head'] }),
    };
  },
  output: 'transformer.h.0.mlp',
  path: (index) => `transformer.h.${index}`,
};

const FAMILIES: Readonly<Record<string, Family>> = { llama, qwen2: llama, qwen3: llama, mixtral: moe, qwen3_moe: moe, gpt2 };

/** One block of a model by itself. */
export interface BlockModel {
  /** The path of its parameters, `model.layers.3`. */
  readonly path: string;
  /**
   * Runs the block on states [rows, length, width], the first block on ids where there are none: its output.
   */
  run(params: Tree, inputs: { readonly ids: Tensor; readonly positions?: Tensor | undefined; readonly segments?: Tensor | undefined }, states: Tensor | undefined): Tensor;
}

const built = new WeakMap<object, Map<string, Model<ModelConfig>>>();

/** Models of one block are kept beside their model, since their tables of rotations stay in memory. */
function kept(model: Pick<Model<ModelConfig>, 'config'>, config: ModelConfig): Model<ModelConfig> {
  const of = built.get(model) ?? new Map<string, Model<ModelConfig>>();
  built.set(model, of);
  const key = JSON.stringify(config);
  const found = of.get(key) ?? createModel(config);
  of.set(key, found);
  return found;
}

/**
 * Block `index` of a model as one that runs by itself.
 *
 * @throws RangeError for an architecture whose blocks cannot be run alone.
 */
export function blockModel(model: Pick<Model<ModelConfig>, 'config'>, index: number): BlockModel {
  const { modelType } = model.config;
  const family = FAMILIES[modelType];
  if (family === undefined) throw new RangeError(`calibration: expected a model of ${Object.keys(FAMILIES).join(', ')} but found ${modelType}. Use a method that needs no data: quantize with rtn or hqq.`);
  const one = kept(model, family.one(model.config, index));
  return {
    path: family.path(index),
    run(params, inputs, states) {
      let output: Tensor | undefined;
      one.hidden(family.tree(params, index, states), inputs, { capture: (name, value) => { if (name === family.output) output = value; } });
      return output!;
    },
  };
}
