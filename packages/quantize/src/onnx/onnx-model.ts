import type { Model, ModelConfig } from '@llm/model';
import type { Tree } from '@llm/tensor';
import type { Build } from './build/frame.ts';
import { gpt2Graph } from './build/gpt2-graph.ts';
import { llamaGraph } from './build/llama-graph.ts';
import { OnnxError } from './errors.ts';
import type { OnnxFormat } from './formats/format.ts';
import { emptyGraph, type OnnxGraph } from './graph.ts';
import { sourceOf } from './matrix.ts';

/** A model as ONNX, whose tensors are read from the parameters when it is written. */
export interface OnnxModel {
  readonly graph: OnnxGraph;
  /** The version of each set of operators; `''` is ONNX itself. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Old enough for every runtime in use; newer ones bring no operator that is needed here. */
const OPSET = 17;

type Supported = Extract<ModelConfig, { modelType: 'llama' | 'qwen2' | 'qwen3' | 'gpt2' }>;
const SUPPORTED = ['llama', 'qwen2', 'qwen3', 'gpt2'];

const REASONS: Readonly<Record<string, string>> = {
  mixtral: 'a mixture of experts', qwen3_moe: 'a mixture of experts', gemma2: 'soft caps and norms of its own', gemma3_text: 'norms and rotations of its own', nanochat: 'a soft cap',
  bert: 'an encoder', roberta: 'an encoder', t5: 'an encoder and a decoder', glm: 'positions in two dimensions',
};

/**
 * A decoder with its cache as an ONNX graph of standard operators (opset 17; four-bit matrices add com.microsoft), as optimum and
 * transformers.js expect it.
 *
 *   input_ids, position_ids [batch, length], attention_mask [batch, past + length], past_key_values.N.key|value [batch, kvHeads, past, headDim]
 *   → logits [batch, length, vocabulary], present.N.key|value [batch, kvHeads, past + length, headDim]
 *
 * Rows of a batch may be padded on the left through attention_mask. Nothing of the weights is read before the model is written, with
 * `onnxBytes`, `onnxFiles`, or `saveOnnx` of @llm/quantize/node.
 *
 * @throws OnnxError E_ARCHITECTURE for a model other than Llama, Qwen2, Qwen3 or GPT-2; E_WEIGHTS for parameters of another model;
 * E_CALIBRATION as the format says.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { onnxFloat32, onnxModel } from '@llm/quantize';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const { graph } = onnxModel(model, model.init(0), { format: onnxFloat32() });
 * if (graph.outputs.map(({ name }) => name).join() !== 'logits,present.0.key,present.0.value') throw new Error('logits and the cache');
 * ```
 */
export function onnxModel(model: Pick<Model<ModelConfig>, 'config' | 'shape' | 'parameters'>, params: Tree, { format }: { readonly format: OnnxFormat }): OnnxModel {
  const { config, shape } = model;
  checkSupported(config);
  const source = sourceOf(model, params);
  const build: Build = { graph: emptyGraph(), format, shape, source };
  if (config.modelType === 'gpt2') gpt2Graph(build, config);
  else llamaGraph(build, config);
  const domains = new Set(build.graph.nodes.map(({ domain }) => domain));
  return {
    graph: build.graph,
    opsets: { '': OPSET, ...(domains.has('com.microsoft') ? { 'com.microsoft': 1 } : {}) },
    metadata: { model_type: config.modelType, dtype: format.name },
  };
}

function checkSupported(config: ModelConfig): asserts config is Supported {
  if (SUPPORTED.includes(config.modelType)) return;
  throw new OnnxError('E_ARCHITECTURE', `onnxModel: expected a model of ${SUPPORTED.join(', ')} but found ${config.modelType}, which has ${REASONS[config.modelType] ?? 'another architecture'}. Save it as safetensors, and convert it with optimum.`);
}
