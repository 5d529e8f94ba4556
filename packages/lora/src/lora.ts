import { type Leaf, leaves, mul, randomNormal, scope, type Tensor, type Tree, zeros } from '@llm/tensor';
import { attach } from './adapter.ts';
import { LoraError, someOf } from './errors.ts';
import { kaiming, type LoraInit } from './init/random-init.ts';
import { rowNorms } from './layers/dora.ts';
import { loraLayer, type LoraLayer, type LoraSettings, type LoraTensors, scalingOf } from './layers/lora-layer.ts';
import { type Module, ORIGINAL } from './targets/modules.ts';
import { endsWithOneOf, selectModules, type TargetOptions } from './targets/select.ts';

/** The sizes and switches of LoRA; the defaults are PEFT's. */
export interface LoraOptions extends TargetOptions {
  /** r; default 8. */
  readonly rank?: number;
  /** α, which is divided by the rank; default 8. */
  readonly alpha?: number;
  /** Of the adapter's input, where `withDropout` turns it on; default 0. */
  readonly dropout?: number;
  /** Divide α by √r: ranks of any size learn alike. Default false. */
  readonly rsLora?: boolean;
  /** Train the length of each row apart from its direction; default false. */
  readonly dora?: boolean;
  /** Other ranks, and other α, by the end of a module's name or a pattern of it. */
  readonly rankPattern?: Readonly<Record<string, number>>;
  readonly alphaPattern?: Readonly<Record<string, number>>;
  /** Modules that are trained as a whole, such as `lm_head`, by the end of their names. */
  readonly modulesToSave?: readonly string[];
  /** Where an embedding is the head too, let the adapter over it act there as well; default false, as PEFT has it. */
  readonly ensureWeightTying?: boolean;
  /** What the matrices begin with; default `kaiming`. */
  readonly init?: LoraInit;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * The tree of a model with LoRA over some of its matrices, which may themselves be weights: over four-bit ones this is QLoRA.
 * Nothing of the model is copied or changed, and until it is trained the adapted model is the model.
 *
 *   y = W x + (α/r) · B (A dropout(x)),  A uniform in ±1/√in, B zero
 *
 * @throws LoraError E_TARGETS where no module matches, with the names that there are. RangeError for a rank below 1.
 *
 * @example
 * ```ts
 * import { lora, trainable } from '@llm/lora';
 * import { createModel } from '@llm/model';
 * import { flatten, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 });
 * const params = lora(model.init(0), { rank: 4, alpha: 8, modelType: model.config.modelType });
 * const trained = Object.keys(flatten(params)).filter(trainable(params));
 * if (trained[0] !== 'model.layers.0.self_attn.q_proj.weight.lora_A' || trained.length !== 4) throw new Error(trained.join());
 * ```
 */
export function lora(params: Tree, options: LoraOptions = {}): Tree {
  const { modulesToSave = [], init = kaiming, seed = 0, dora = false } = options;
  const modules = selectModules('lora', params, { ...options, except: (name) => isBelow(name, modulesToSave) });
  const wanted = modules.map((module) => ({ module, settings: settingsOf(module, options) }));
  const saved = savedOf(params, modulesToSave);
  const layers: Record<string, LoraLayer> = {};
  for (const { module, settings } of wanted) {
    const begin = module.embedding ? embeddingInit : init;
    const pair = begin({ name: module.name, rank: settings.rank, inputs: module.inputs, outputs: module.outputs, seed });
    layers[module.name] = loraLayer(dora ? withMagnitude(module.leaf, pair, settings) : pair, settings);
  }
  return attach(params, { layers, saved });
}

/** An embedding begins the other way round: A zero and B a standard normal, as PEFT has it. */
const embeddingInit: LoraInit = ({ name, rank, inputs, outputs, seed }) => ({
  a: zeros([rank, inputs]), b: randomNormal([outputs, rank], { seed, stream: `${name}.lora_embedding_B` }),
});

/** What is fixed of the layer over a module, patterns taken into account. */
export function settingsOf(module: Pick<Module, 'name' | 'embedding' | 'fanInFanOut'>, options: LoraOptions): LoraSettings {
  const { rankPattern = {}, alphaPattern = {}, dropout = 0, rsLora = false, ensureWeightTying = false } = options;
  const rank = patternValue(rankPattern, module.name) ?? options.rank ?? 8;
  const alpha = patternValue(alphaPattern, module.name) ?? options.alpha ?? 8;
  if (!Number.isInteger(rank) || rank < 1) throw new RangeError(`lora: expected a whole rank from 1 on but found ${rank} for ${module.name}.`);
  if (!(Math.abs(alpha) < Infinity)) throw new RangeError(`lora: expected a finite alpha but found ${alpha} for ${module.name}.`);
  if (!(dropout >= 0 && dropout < 1)) throw new RangeError(`lora: expected 0 ≤ dropout < 1 but found ${dropout}.`);
  return { rank, alpha, dropout, rsLora, fanInFanOut: module.fanInFanOut, embedding: module.embedding, tiedHead: module.embedding && ensureWeightTying };
}

/** The value of the first key that matches a whole name or its end behind a dot; keys are patterns. */
function patternValue(pattern: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.entries(pattern).find(([key]) => new RegExp(`^(?:.*\\.)?(?:${key})$`).test(name))?.[1];
}

/** The pair with the row norms that DoRA begins with, so that nothing changes at first. */
export function withMagnitude(leaf: Leaf, { a, b }: LoraTensors, settings: LoraSettings): LoraTensors {
  return { a, b, magnitude: scope(() => rowNorms(leaf, { a, b, scaling: scalingOf(settings), fanInFanOut: settings.fanInFanOut })) };
}

function isBelow(name: string, modules: readonly string[]): boolean {
  const parts = name.split('.');
  return parts.some((_, i) => endsWithOneOf(parts.slice(0, i + 1).join('.'), modules));
}

/** Copies of the parameters that are trained as a whole. */
export function savedOf(params: Tree, modules: readonly string[]): Record<string, Tensor> {
  const chosen = new Map<string, Tensor>();
  const all = leaves(params).filter(([path]) => !path.includes(`.${ORIGINAL}.`));
  const parent = (path: string): string => path.slice(0, path.lastIndexOf('.'));
  const isEmbedding = (path: string): boolean => /(?:embed_tokens|wte)\.weight$/.test(path);
  for (const module of modules) {
    const hits = all.filter(([path]) => isBelow(parent(path), [module]));
    const tied = module === 'lm_head' && hits.length === 0 ? all.find(([path]) => isEmbedding(path)) : undefined;
    if (tied !== undefined) hits.push(['lm_head.weight', tied[1]]);
    if (hits.length === 0) {
      throw new LoraError('E_TARGETS', `lora: expected modulesToSave to name modules of the model but found no ${module}. Name some of ${someOf(new Set(all.map(([path]) => parent(path).split('.').at(-1)!)), 24)}.`);
    }
    for (const [path, leaf] of hits) {
      if (!('dataId' in leaf)) throw new TypeError(`lora: expected a plain tensor at ${path} to train as a whole but found a weight that applies itself. Put LoRA over it instead.`);
      chosen.set(path, leaf);
    }
  }
  const untied = chosen.has('lm_head.weight') || all.some(([path]) => path === 'lm_head.weight');
  const embedding = [...chosen.keys()].find(isEmbedding);
  if (embedding !== undefined && !untied) {
    throw new LoraError('E_TARGETS', `lora: expected the embedding and the head, which are one tensor here, to be trained together but found only ${embedding}. Add lm_head to modulesToSave.`);
  }
  return Object.fromEntries([...chosen].map(([path, leaf]) => [path, copyOf(leaf)]));
}

/** The same values in memory of their own; a plain clone would share it. */
function copyOf(tensor: Tensor): Tensor {
  return scope(() => mul(tensor, 1));
}
