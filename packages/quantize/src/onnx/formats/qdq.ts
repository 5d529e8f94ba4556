import type { CalibratedRanges } from '../calibrate/calibrate-ranges.ts';
import { OnnxError } from '../errors.ts';
import { add, initializer, type OnnxGraph } from '../graph.ts';
import { byteGrid } from '../quantize-int8.ts';
import { byteRows, storeBytes } from './byte-matrix.ts';
import { float } from './float-data.ts';
import type { OnnxFormat } from './format.ts';

export interface OnnxQdqOptions {
  /** The range of the states that each matrix multiplies, as `calibrateRanges` finds them. */
  readonly ranges: CalibratedRanges;
  /** Codes of weights from −64 to 64, for processors without VNNI; default false. */
  readonly reduceRange?: boolean;
}

/**
 * Matrices and the states before them in bytes whose scales are fixed beforehand, `model_qdq.onnx`: QuantizeLinear and
 * DequantizeLinear around MatMul, which onnxruntime and TensorRT turn into products of bytes. Weights are as in `onnxInt8`.
 *
 * @throws OnnxError E_CALIBRATION where a matrix of the model has no range.
 *
 * @example
 * ```ts
 * import { onnxQdq } from '@llm/quantize';
 * if (onnxQdq({ ranges: {} }).suffix !== '_qdq') throw new Error('model_qdq.onnx');
 * ```
 */
export function onnxQdq({ ranges, reduceRange = false }: OnnxQdqOptions): OnnxFormat {
  return {
    name: 'qdq', suffix: '_qdq', type: 'float',
    rows: (graph, ids, options) => byteRows(graph, ids, { ...options, reduceRange }),
    product(graph, x, { matrix, at }) {
      const range = Object.hasOwn(ranges, matrix.name) ? ranges[matrix.name] : undefined;
      if (range === undefined) throw new OnnxError('E_CALIBRATION', `onnxQdq: expected a range of the states before ${matrix.name} but found none. Calibrate with this model.`);
      const { codes, scales, zeroPoints } = storeBytes(graph, matrix, { at, reduceRange });
      const weight = add(graph, 'DequantizeLinear', [codes, scales, zeroPoints], { at, attributes: { axis: { int: 1 } } });
      return add(graph, 'MatMul', [staticBytes(graph, x, byteGrid(range)), weight], { at });
    },
  };
}

/** States rounded to the grid of their range; once for all products that take them. */
function staticBytes(graph: OnnxGraph, x: string, { scale, zeroPoint }: { scale: number; zeroPoint: number }): string {
  const rounded = `${x}_dequantized`;
  if (graph.nodes.some(({ outputs }) => outputs[0] === rounded)) return rounded;
  const zero = initializer(graph, { name: `const/uint8_${zeroPoint}`, type: 'uint8', shape: [], data: () => Uint8Array.of(zeroPoint) });
  const grid = [float(graph, scale, 'float'), zero];
  return add(graph, 'DequantizeLinear', [add(graph, 'QuantizeLinear', [x, ...grid], { at: x }), ...grid], { at: x, outputs: [rounded] });
}
