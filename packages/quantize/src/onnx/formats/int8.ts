import { add, ONNX_TYPES, type OnnxGraph } from '../graph.ts';
import { byteRows, storeBytes } from './byte-matrix.ts';
import type { OnnxFormat } from './format.ts';

export interface OnnxInt8Options {
  /** What transformers.js asks for to get it: `q8` is `model_quantized.onnx`, its default in a page without WebGPU; `int8` is `model_int8.onnx`. Default q8. */
  readonly dtype?: 'q8' | 'int8';
  /** Codes of weights from −64 to 64, for processors without VNNI, on which full ones overflow; default false. */
  readonly reduceRange?: boolean;
}

const SUFFIXES = { q8: '_quantized', int8: '_int8' } as const;

/**
 * Matrices in signed bytes with a scale for each output, states rounded to bytes on the way into each product:
 * DynamicQuantizeLinear and MatMulInteger, as quantize_dynamic of onnxruntime writes them per channel.
 *
 *   y = (Q(x) − zero) · codes · scale(x) · scale(W),  Q over the range that x has in this call
 *
 * Embeddings are stored in bytes too, with a scale for each row; a head that is tied to them is that same tensor.
 *
 * @example
 * ```ts
 * import { onnxInt8 } from '@llm/quantize';
 * if (onnxInt8().suffix !== '_quantized') throw new Error('model_quantized.onnx');
 * ```
 */
export function onnxInt8({ dtype = 'q8', reduceRange = false }: OnnxInt8Options = {}): OnnxFormat {
  return {
    name: dtype, suffix: SUFFIXES[dtype], type: 'float',
    rows: (graph, ids, options) => byteRows(graph, ids, { ...options, reduceRange }),
    product(graph, x, { matrix, at }) {
      const { codes, scales, zeroPoints } = storeBytes(graph, matrix, { at, reduceRange });
      const [quantized, scale, zero] = dynamicBytes(graph, x);
      const product = add(graph, 'MatMulInteger', [quantized, codes, zero, zeroPoints], { at });
      const float = add(graph, 'Cast', [product], { at, attributes: { to: { int: ONNX_TYPES.float.code } } });
      return add(graph, 'Mul', [float, add(graph, 'Mul', [scale, scales], { at })], { at });
    },
  };
}

/** States as bytes, their scale and their zero point; once for all products that take them. */
function dynamicBytes(graph: OnnxGraph, x: string): [string, string, string] {
  const outputs: [string, string, string] = [`${x}_quantized`, `${x}_scale`, `${x}_zero_point`];
  const there = graph.nodes.some(({ op, inputs }) => op === 'DynamicQuantizeLinear' && inputs[0] === x);
  if (!there) add(graph, 'DynamicQuantizeLinear', [x], { at: x, outputs });
  return outputs;
}
