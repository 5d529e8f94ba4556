import { OnnxError } from './errors.ts';
import { ONNX_TYPES, type OnnxAttribute, type OnnxNode, type OnnxType, type OnnxValue } from './graph.ts';
import { decodeMessage } from './proto.ts';
import type { ExternalPlace } from './write-onnx.ts';

/** A stored tensor as it lies in a file. */
export interface StoredTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Its bytes, or where they lie. */
  readonly data: Uint8Array | ExternalPlace;
}

/** What an `.onnx` file holds. */
export interface ReadOnnx {
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: ReadonlyMap<string, StoredTensor>;
}

type Message = Readonly<Record<string, unknown>>;
const list = (message: Message, key: string): readonly Message[] => (message[key] ?? []) as readonly Message[];
const TYPE_OF = new Map<number, OnnxType>(Object.entries(ONNX_TYPES).map(([name, { code }]) => [code, name as OnnxType]));

/**
 * Reads an `.onnx` file: nodes, inputs, outputs and stored tensors, whose bytes are views on it.
 *
 * It knows the element types and attributes that `onnxModel` writes, and no graphs within graphs.
 *
 * @throws OnnxError E_FILE for bytes that are no ONNX file, or hold what is not known here.
 *
 * @example
 * ```ts
 * import { OnnxError, readOnnx } from '@llm/quantize';
 * try {
 *   readOnnx(new TextEncoder().encode('no model'));
 * } catch (error) {
 *   if (!(error instanceof OnnxError) || error.code !== 'E_FILE') throw error;
 * }
 * ```
 */
export function readOnnx(file: Uint8Array): ReadOnnx {
  const model = decoded('Model', file);
  const bytes = model['graph'];
  if (!(bytes instanceof Uint8Array)) throw new OnnxError('E_FILE', 'readOnnx: expected a model with a graph but found none. Give the bytes of an .onnx file.');
  const graph = decoded('Graph', bytes);
  const tensors = (graph['initializer'] as Uint8Array[]).map((each) => tensorOf(decoded('Tensor', each)));
  return {
    irVersion: Number(model['ir_version'] ?? 0),
    producer: String(model['producer_name'] ?? ''),
    opsets: Object.fromEntries(list(model, 'opset_import').map(({ domain = '', version }) => [domain, Number(version)])),
    metadata: Object.fromEntries(list(model, 'metadata_props').map(({ key, value }) => [key, String(value)])),
    nodes: list(graph, 'node').map(nodeOf),
    inputs: list(graph, 'input').map(valueOf),
    outputs: list(graph, 'output').map(valueOf),
    initializers: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  };
}

function decoded(name: 'Model' | 'Graph' | 'Tensor', bytes: Uint8Array): Message {
  try {
    return decodeMessage(name, bytes);
  } catch (cause) {
    throw new OnnxError('E_FILE', `readOnnx: expected an ONNX ${name.toLowerCase()} but found ${(cause as Error).message}. The file is damaged, or no .onnx file.`, { cause });
  }
}

function typeOf(code: unknown, name: unknown): OnnxType {
  const type = TYPE_OF.get(Number(code));
  if (type === undefined) throw new OnnxError('E_FILE', `readOnnx: expected an element type of ${Object.keys(ONNX_TYPES).join(', ')} but found number ${String(code)} in ${String(name)}.`);
  return type;
}

function attributeOf({ name, type, i, f, ints }: Message): [string, OnnxAttribute] {
  switch (type) {
    case 1: return [String(name), { float: Number(f ?? 0) }];
    case 2: return [String(name), { int: Number(i ?? 0) }];
    case 7: return [String(name), { ints: ints as number[] }];
    default: throw new OnnxError('E_FILE', `readOnnx: expected attributes of numbers but found type ${String(type)} in ${String(name)}.`);
  }
}

function nodeOf(message: Message): OnnxNode {
  const { name = '', op_type: op, domain = '', input, output } = message as { name?: string; op_type: string; domain?: string; input: string[]; output: string[] };
  return { name, op, domain, inputs: input, outputs: output, attributes: Object.fromEntries(list(message, 'attribute').map(attributeOf)) };
}

function valueOf({ name, type }: Message): OnnxValue {
  const { elem_type: code, shape } = (type as { tensor_type: { elem_type: number; shape: Message } }).tensor_type;
  return { name: String(name), type: typeOf(code, name), shape: list(shape, 'dim').map(({ dim_value: value, dim_param: param }) => (param as string | undefined) ?? Number(value)) };
}

function tensorOf(message: Message): StoredTensor {
  const { name, data_type: code, dims, raw_data: raw } = message as { name: string; data_type: number; dims: number[]; raw_data?: Uint8Array };
  const external = Object.fromEntries(list(message, 'external_data').map(({ key, value }) => [key, String(value)]));
  const data = message['data_location'] === 1 ? { file: external['location'] ?? '', offset: Number(external['offset'] ?? 0) } : raw ?? new Uint8Array();
  return { name, type: typeOf(code, name), shape: dims, data };
}
