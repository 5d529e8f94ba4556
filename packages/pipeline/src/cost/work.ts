import { createModel, flopsPerToken, type Model, type ModelConfig, trainingMemory, type TrainingMemory } from '@llm/model';
import type { Precision } from '@llm/tensor';

/** A model as config.json writes it. */
export type RawConfig = Readonly<Record<string, unknown>>;

/** What decides how much work a training is. */
export interface Work {
  readonly config: RawConfig;
  readonly steps: number;
  /** Rows of a micro-batch, tokens in each at most, and micro-batches in a step. */
  readonly batch: number;
  readonly length: number;
  readonly accumulate: number;
  readonly checkpointed: boolean;
  readonly precision: Precision;
  /** Only an adapter is trained: no gradients of the weights, and no state for them. */
  readonly adapter: boolean;
}

/** The bytes of each part of a step, and the most that are in use at once; undefined for models whose memory is not known beforehand. */
export function memoryOf({ config, batch, length, checkpointed, accumulate, adapter }: Work): TrainingMemory | undefined {
  const model = createModel(config);
  // A mixture of experts needs what its tokens choose.
  if (model.shape.experts !== undefined || 'decoderLayers' in model.shape) return undefined;
  const memory = trainingMemory(model, { batch, length, checkpointed, accumulate });
  if (!adapter) return memory;
  const saved = memory.optimizer + memory.gradients + memory.accumulated + memory.headGradient;
  return { ...memory, optimizer: 0, gradients: 0, accumulated: 0, headGradient: 0, peak: Math.max(memory.parameters, memory.peak - saved) };
}

/**
 * Floating-point operations of one step: 3 forward passes, or 2 where the weights get no gradients; recomputation is one more.
 *
 *   flops = (2 or 3, + 1 when checkpointed) · forward · batch · accumulate · length
 */
export function stepFlopsOf({ config, batch, length, accumulate, checkpointed, adapter }: Work): number {
  const { forward } = flopsPerToken(createModel(config), { length });
  return forward * ((adapter ? 2 : 3) + Number(checkpointed)) * batch * accumulate * length;
}

/** All tokens of a training, rows taken to be full. */
export const tokensOf = ({ steps, batch, accumulate, length }: Work): number => steps * batch * accumulate * length;

/** A model with half the layers: what a student of the usual kind is. */
export function halfTheLayers(config: RawConfig): RawConfig | undefined {
  const key = ['num_hidden_layers', 'n_layer', 'num_layers'].find((name) => typeof config[name] === 'number');
  if (key === undefined || (config[key] as number) < 2) return undefined;
  // What is listed for each layer would no longer fit.
  const { layer_types: _, ...rest } = config;
  return { ...rest, [key]: Math.ceil((config[key] as number) / 2) };
}

const EXPERTS = 4;

/** The same parameters with the MLP of each layer cut into four experts, of which a token meets one; Llama's kind only. */
export function inExperts(config: RawConfig): RawConfig | undefined {
  const width = config.intermediate_size;
  if (config.model_type !== 'llama' || typeof width !== 'number' || width % EXPERTS !== 0) return undefined;
  return { ...config, model_type: 'mixtral', intermediate_size: width / EXPERTS, num_local_experts: EXPERTS, num_experts_per_tok: 1 };
}

/** The model of a configuration. */
export const modelOf = (config: RawConfig): Model<ModelConfig> => createModel(config);
