import { roundEven } from '../grid/round-even.ts';

/** The smallest float of 32 bits that is not subnormal. */
const TINY = 2 ** -126;

export interface SignedBytes {
  /** In the order of the values. */
  readonly codes: Int8Array;
  /** One of each output. */
  readonly scales: Float32Array;
}

/**
 * Rows [outputs, inputs] in signed bytes with a scale for each output, as onnxruntime's quantize_dynamic does it per channel.
 *
 *   scale = max |w| / 127;  code = round(w / scale)
 *
 * `reduceRange` divides by 64: processors without VNNI add products of bytes in 16 bits, which full ones overflow.
 */
export function signedBytes(values: Float32Array, { outputs, inputs, reduceRange }: { outputs: number; inputs: number; reduceRange: boolean }): SignedBytes {
  const codes = new Int8Array(values.length);
  const scales = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const row = values.subarray(output * inputs, (output + 1) * inputs);
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const exact = largest / (reduceRange ? 64 : 127);
    const scale = exact < TINY ? 1 : Math.fround(exact);
    scales[output] = scale;
    row.forEach((value, i) => { codes[output * inputs + i] = Math.min(127, Math.max(-128, roundEven(Math.fround(value / scale)))); });
  }
  return { codes, scales };
}

/** The scale and the code of 0 of states in [min, max], which is widened to hold 0: code = round(x / scale) + zeroPoint, 0 … 255. */
export function byteGrid({ min, max }: { readonly min: number; readonly max: number }): { scale: number; zeroPoint: number } {
  const [low, high] = [Math.fround(Math.min(min, 0)), Math.fround(Math.max(max, 0))];
  const exact = (high - low) / 255;
  return exact < TINY ? { scale: 1, zeroPoint: 0 } : { scale: Math.fround(exact), zeroPoint: roundEven(0 - low / exact) };
}
