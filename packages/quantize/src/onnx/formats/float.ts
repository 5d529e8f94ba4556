import { add, initializer, type OnnxGraph } from '../graph.ts';
import type { OnnxMatrix } from '../matrix.ts';
import { floatBytes } from './float-data.ts';
import type { OnnxFormat } from './format.ts';

type Float = OnnxFormat['type'];

/**
 * Matrices in 32 bits, `model.onnx`: MatMul over [inputs, outputs], and Gather for embeddings. A tied head is the
 * embedding turned, so that it is stored once.
 *
 * @example
 * ```ts
 * import { onnxFloat32 } from '@llm/quantize';
 * if (onnxFloat32().suffix !== '') throw new Error('model.onnx');
 * ```
 */
export function onnxFloat32(): OnnxFormat {
  return floatFormat({ name: 'fp32', suffix: '', type: 'float' });
}

/**
 * Everything in 16 bits, `model_fp16.onnx`: states and the cache too, while norms are computed in 32; logits come out in 32.
 *
 * @example
 * ```ts
 * import { onnxFloat16 } from '@llm/quantize';
 * if (onnxFloat16().suffix !== '_fp16') throw new Error('model_fp16.onnx');
 * ```
 */
export function onnxFloat16(): OnnxFormat {
  return floatFormat({ name: 'fp16', suffix: '_fp16', type: 'float16' });
}

function floatFormat(kind: Pick<OnnxFormat, 'name' | 'suffix' | 'type'>): OnnxFormat {
  const { type } = kind;
  return {
    ...kind,
    product: (graph, x, { matrix, at }) => floatProduct(graph, x, { matrix, at, type }),
    rows: (graph, ids, { matrix, at }) => floatRows(graph, ids, { matrix, at, type }),
  };
}

/** Rows of an embedding that is stored as floats. */
export function floatRows(graph: OnnxGraph, ids: string, { matrix: { name, outputs, inputs, values }, at, type }: { matrix: OnnxMatrix; at: string; type: Float }): string {
  const table = initializer(graph, { name, type, shape: [outputs, inputs], data: async () => floatBytes(await values('outputs'), type, name) });
  return add(graph, 'Gather', [table, ids], { at });
}

function floatProduct(graph: OnnxGraph, x: string, { matrix: { name, outputs, inputs, values }, at, type }: { matrix: OnnxMatrix; at: string; type: Float }): string {
  // The embedding is there already where a head is tied to it. Runtimes turn it once, when the file is loaded.
  const weight = graph.initializers.has(name) ? add(graph, 'Transpose', [name], { at, attributes: { perm: { ints: [1, 0] } } })
    : initializer(graph, { name, type, shape: [inputs, outputs], data: async () => floatBytes(await values('inputs'), type, name) });
  return add(graph, 'MatMul', [x, weight], { at });
}
