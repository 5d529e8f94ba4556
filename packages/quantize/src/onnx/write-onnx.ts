import { OnnxError } from './errors.ts';
import { bytesOf, ONNX_TYPES, type OnnxAttribute, type OnnxGraph, type OnnxInitializer, type OnnxValue } from './graph.ts';
import type { OnnxModel } from './onnx-model.ts';
import { encodeMessage, fieldPrefix, FIELDS } from './proto.ts';

/** A message of protocol buffers may not be longer. */
const LONGEST = 2 ** 31 - 1;
/** The version of the format of files that goes with opset 17. */
const IR_VERSION = 8;

/** Where tensors outside of the model's own file lie. */
export interface ExternalPlace {
  readonly file: string;
  readonly offset: number;
}

/** Attribute types of onnx.proto. */
function attribute(name: string, value: OnnxAttribute): Record<string, unknown> {
  if ('int' in value) return { name, i: value.int, type: 2 };
  if ('float' in value) return { name, f: value.float, type: 1 };
  return { name, ints: [...value.ints], type: 7 };
}

function valueInfo({ name, type, shape }: OnnxValue): Record<string, unknown> {
  const dim = shape.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type: ONNX_TYPES[type].code, shape: { dim } } } };
}

function graphHead({ nodes, inputs, outputs }: OnnxGraph): Uint8Array {
  return encodeMessage('Graph', {
    name: 'decoder',
    node: nodes.map(({ name, op, domain, inputs, outputs, attributes }) => ({
      name, op_type: op, domain, input: [...inputs], output: [...outputs], attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    })),
    input: inputs.map(valueInfo), output: outputs.map(valueInfo),
  });
}

/** What stands in front of a tensor's bytes, or the whole of it where those are elsewhere. */
function tensorHead(tensor: OnnxInitializer, place: ExternalPlace | undefined): { prefix: Uint8Array; length: number } {
  const { name, type, shape } = tensor;
  const bytes = bytesOf(tensor);
  const external = place === undefined ? {} : {
    data_location: 1,
    external_data: Object.entries({ location: place.file, offset: place.offset, length: bytes }).map(([key, value]) => ({ key, value: String(value) })),
  };
  const head = encodeMessage('Tensor', { name, data_type: ONNX_TYPES[type].code, dims: [...shape], ...external });
  const raw = place === undefined ? fieldPrefix(FIELDS.rawData, bytes) : new Uint8Array();
  const length = head.length + raw.length + (place === undefined ? bytes : 0);
  return { prefix: joined([fieldPrefix(FIELDS.initializer, length), head, raw]), length };
}

/** The parts in one piece. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The bytes of a tensor, as many as its shape says. */
export async function tensorData(tensor: OnnxInitializer): Promise<Uint8Array> {
  const data = await tensor.data();
  if (data.length === bytesOf(tensor)) return data;
  throw new OnnxError('E_WEIGHTS', `writeOnnx: expected ${bytesOf(tensor)} bytes for ${tensor.name} [${tensor.shape.join(', ')}] but found ${data.length}. Give the parameters of this model.`);
}

/** The size of the file, and its chunks one tensor at a time. */
export function onnxChunks({ graph, opsets, metadata }: OnnxModel, places: ReadonlyMap<string, ExternalPlace> = new Map()): { length: number; chunks: () => AsyncGenerator<Uint8Array, void, undefined> } {
  const head = graphHead(graph);
  const tensors = [...graph.initializers.values()].map((tensor) => ({ tensor, place: places.get(tensor.name), ...tensorHead(tensor, places.get(tensor.name)) }));
  const inGraph = tensors.reduce((sum, { tensor, place, prefix }) => sum + prefix.length + (place === undefined ? bytesOf(tensor) : 0), head.length);
  if (inGraph > LONGEST) {
    throw new OnnxError('E_SIZE', `writeOnnx: expected at most ${LONGEST} bytes in one file but found ${inGraph}. Write the tensors beside it: onnxFiles with external, which saveOnnx does by itself.`);
  }
  const model = encodeMessage('Model', {
    ir_version: IR_VERSION, producer_name: '@llm/quantize', opset_import: Object.entries(opsets).map(([domain, version]) => ({ domain, version })),
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
  const front = joined([model, fieldPrefix(FIELDS.graph, inGraph), head]);
  return {
    length: front.length - head.length + inGraph,
    async *chunks() {
      yield front;
      for (const { tensor, place, prefix } of tensors) {
        yield prefix;
        if (place === undefined) yield await tensorData(tensor);
      }
    },
  };
}

/**
 * The bytes of an `.onnx` file with everything in it.
 *
 * @throws OnnxError E_SIZE beyond 2 GB, for which there is `onnxFiles`; E_RANGE for weights that the format cannot hold; E_WEIGHTS.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { onnxBytes, onnxModel, onnxQ4, readOnnx } from '@llm/quantize';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 });
 * const file = await onnxBytes(onnxModel(model, model.init(0), { format: onnxQ4() }));
 * if (!readOnnx(file).nodes.some(({ op }) => op === 'MatMulNBits')) throw new Error('products in four bits');
 * ```
 */
export async function onnxBytes(model: OnnxModel): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of onnxChunks(model).chunks()) parts.push(chunk);
  return joined(parts);
}
