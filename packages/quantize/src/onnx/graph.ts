/** The number of each element type in onnx.proto, and the bytes of one element. */
export const ONNX_TYPES = {
  float: { code: 1, bytes: 4 }, uint8: { code: 2, bytes: 1 }, int8: { code: 3, bytes: 1 }, int32: { code: 6, bytes: 4 }, int64: { code: 7, bytes: 8 },
  bool: { code: 9, bytes: 1 }, float16: { code: 10, bytes: 2 },
} as const;
export type OnnxType = keyof typeof ONNX_TYPES;

/** What an operator is told beside its inputs: a whole number, a float, or a list of whole numbers. */
export type OnnxAttribute = { readonly int: number } | { readonly float: number } | { readonly ints: readonly number[] };

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  /** Empty for the operators of ONNX itself. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A stored tensor, read and rounded only when its turn to be written comes. */
export interface OnnxInitializer {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  data(): Uint8Array | Promise<Uint8Array>;
}

/** An input or an output; a size that is not fixed has a name instead. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly (number | string)[];
}

/** A graph while it is built; its nodes stand in the order in which they run. */
export interface OnnxGraph {
  readonly nodes: OnnxNode[];
  readonly initializers: Map<string, OnnxInitializer>;
  readonly inputs: OnnxValue[];
  readonly outputs: OnnxValue[];
  /** How many nodes there are of each name, so that all names differ. */
  readonly names: Map<string, number>;
}

/** A graph of nothing. */
export function emptyGraph(): OnnxGraph {
  return { nodes: [], initializers: new Map(), inputs: [], outputs: [], names: new Map() };
}

export interface NodeOptions {
  /** Where in the model it stands, such as `model.layers.0.mlp`. */
  readonly at?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** What its outputs are called; default one, after the node. */
  readonly outputs?: readonly string[];
}

/** Adds a node and returns the name of its first output. */
export function add(graph: OnnxGraph, op: string, inputs: readonly string[], { at = '', domain = '', attributes = {}, outputs }: NodeOptions = {}): string {
  const base = `${at}/${op}`;
  const before = graph.names.get(base) ?? 0;
  graph.names.set(base, before + 1);
  const name = before === 0 ? base : `${base}_${before}`;
  const made = outputs ?? [`${name}_output_0`];
  graph.nodes.push({ name, op, domain, inputs, outputs: made, attributes });
  return made[0]!;
}

/** Calls the output of the newest node otherwise. */
export function called(graph: OnnxGraph, from: string, to: string): void {
  const last = graph.nodes.pop()!;
  graph.nodes.push({ ...last, outputs: last.outputs.map((name) => (name === from ? to : name)) });
}

/** Adds a stored tensor under its name, once. */
export function initializer(graph: OnnxGraph, tensor: OnnxInitializer): string {
  if (!graph.initializers.has(tensor.name)) graph.initializers.set(tensor.name, tensor);
  return tensor.name;
}

/** A stored tensor of whole numbers, the same one for the same numbers. */
export function ints(graph: OnnxGraph, values: readonly number[], { scalar = false }: { scalar?: boolean } = {}): string {
  const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return initializer(graph, { name: `const/int64${scalar ? '' : 's'}_${values.join('_')}`, type: 'int64', shape: scalar ? [] : [values.length], data: () => data });
}

/** The bytes that a stored tensor takes. */
export function bytesOf({ type, shape }: Pick<OnnxInitializer, 'type' | 'shape'>): number {
  return shape.reduce((product, size) => product * size, ONNX_TYPES[type].bytes);
}
