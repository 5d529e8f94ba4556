import { abs, add, cast, div, max, maximum, minimum, mul, neg, reshape, sub, type Tensor } from '@llm/tensor';

/** How the codes of a format lie; see `QuantizedFormat.blocks` of @llm/tensor. */
export interface CodeLayout {
  readonly bits: 4 | 8;
  readonly blockSize: number;
  readonly asymmetric: boolean;
}

/** Codes as floats [blocks, blockSize], with the scale and the offset of each block [blocks, 1]. */
export interface DeviceCodes {
  readonly codes: Tensor;
  readonly scale: Tensor;
  readonly offset: Tensor | undefined;
}

/** A step that vanishes in 32 bits stands for zeros. */
const LEAST_STEP = 1e-37;

/** ⌊x⌋ for x from 0 on. */
const whole = (x: Tensor): Tensor => cast(cast(x, 'int32'), 'float32');

/**
 * The codes of values [blocks, blockSize], computed where the values are: what `int4` and `int8` of @llm/tensor do on the host, in 32 bits.
 * Those of symmetric int4 are from 1 to 15 with their zero at 8, those of int8 are signed.
 */
export function deviceCodes(values: Tensor, { bits, asymmetric }: CodeLayout): DeviceCodes {
  const steps = 2 ** bits - 1;
  const middle = 2 ** (bits - 1);
  const signed = bits === 8 ? 128 : 0;
  const column = (x: Tensor): Tensor => reshape(x, [values.shape[0]!, 1]);
  const placesOf = (from: Tensor, scale: Tensor, half: number): Tensor => whole(minimum(steps, add(div(from, maximum(scale, LEAST_STEP)), half)));
  if (asymmetric) {
    const least = column(neg(max(neg(values), 1)));
    const scale = div(sub(column(max(values, 1)), least), steps);
    const codes = placesOf(sub(values, least), scale, 0.5);
    return { codes: sub(codes, signed), scale, offset: neg(signed === 0 ? least : add(least, mul(scale, signed))) };
  }
  const scale = div(column(max(abs(values), 1)), middle - 1);
  // With the middle added codes are above 0, where cutting is rounding down.
  return { codes: sub(maximum(1, placesOf(values, scale, middle + 0.5)), signed), scale, offset: undefined };
}

/** The values that codes stand for, by the operations of @llm/tensor in their order, so that the bits are the same. */
export function codedValues({ codes, scale, offset }: DeviceCodes, { bits }: CodeLayout): Tensor {
  const y = mul(bits === 4 && offset === undefined ? sub(codes, 8) : codes, scale);
  return offset === undefined ? y : sub(y, offset);
}
