import { add, initializer, ints, ONNX_TYPES, type OnnxGraph } from '../graph.ts';
import { type OnnxMatrix, turned } from '../matrix.ts';
import { signedBytes } from '../quantize-int8.ts';
import { floatBytes } from './float-data.ts';
import { shared } from './shared.ts';

/** The names under which a matrix in signed bytes is found: codes [inputs, outputs], scales and zero points [outputs]. */
export interface StoredBytes {
  readonly codes: string;
  readonly scales: string;
  readonly zeroPoints: string;
}

interface Options { readonly at: string; readonly reduceRange: boolean }

/** Stores a matrix for products. What is stored as rows already, since a head is tied to an embedding, is turned when it is loaded. */
export function storeBytes(graph: OnnxGraph, matrix: OnnxMatrix, { at, reduceRange }: Options): StoredBytes {
  const { name, outputs } = matrix;
  const tied = graph.initializers.has(`${name}_quantized`);
  const stored = store(graph, matrix, { order: tied ? 'outputs' : 'inputs', reduceRange });
  const zeroPoints = initializer(graph, { name: `${name}_zero_point`, type: 'int8', shape: [outputs], data: () => new Uint8Array(outputs) });
  const codes = tied ? add(graph, 'Transpose', [stored.codes], { at, attributes: { perm: { ints: [1, 0] } } }) : stored.codes;
  return { codes, scales: stored.scales, zeroPoints };
}

/** Rows by id from signed bytes: each row times its own scale. */
export function byteRows(graph: OnnxGraph, ids: string, { matrix, at, reduceRange }: Options & { readonly matrix: OnnxMatrix }): string {
  const { codes, scales } = store(graph, matrix, { order: 'outputs', reduceRange });
  const row = add(graph, 'Cast', [add(graph, 'Gather', [codes, ids], { at })], { at, attributes: { to: { int: ONNX_TYPES.float.code } } });
  const scale = add(graph, 'Unsqueeze', [add(graph, 'Gather', [scales, ids], { at }), ints(graph, [-1])], { at });
  return add(graph, 'Mul', [row, scale], { at });
}

function store(graph: OnnxGraph, { name, outputs, inputs, values }: OnnxMatrix, { order, reduceRange }: { order: 'outputs' | 'inputs'; reduceRange: boolean }): { codes: string; scales: string } {
  const made = shared(async () => signedBytes(await values('outputs'), { outputs, inputs, reduceRange }), 2);
  const codes = async (): Promise<Uint8Array> => {
    const found = (await made()).codes;
    return new Uint8Array((order === 'outputs' ? found : turned(found, [outputs, inputs])).buffer);
  };
  return {
    codes: initializer(graph, { name: `${name}_quantized`, type: 'int8', shape: order === 'outputs' ? [outputs, inputs] : [inputs, outputs], data: codes }),
    scales: initializer(graph, { name: `${name}_scale`, type: 'float', shape: [outputs], data: async () => floatBytes((await made()).scales, 'float', name) }),
  };
}
