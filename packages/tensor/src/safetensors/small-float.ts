/**
 * A binary floating-point format narrower than 32 bits: sign, exponent, mantissa.
 *
 *   value = (−1)^s · 2^(e − bias) · (1 + m / 2^mantissa)        e > 0
 *   value = (−1)^s · 2^(1 − bias) · m / 2^mantissa              e = 0
 *
 * Codes above `largest` are no numbers; `overflow` is the code (without sign) that a value too large rounds to.
 */
export interface SmallFloat {
  readonly bits: 8 | 16;
  readonly mantissa: number;
  readonly bias: number;
  readonly largest: number;
  readonly overflow: number;
  readonly nan: number;
  /** Without infinities and with a single zero: the code of −0 is NaN, and so is every overflow. */
  readonly unsignedZero: boolean;
}

/** IEEE 754 binary16; the largest value is 65504. */
export const F16: SmallFloat = { bits: 16, mantissa: 10, bias: 15, largest: 0x7bff, overflow: 0x7c00, nan: 0x7e00, unsignedZero: false };
/** The upper half of binary32. */
export const BF16: SmallFloat = { bits: 16, mantissa: 7, bias: 127, largest: 0x7f7f, overflow: 0x7f80, nan: 0x7fc0, unsignedZero: false };
/** Micikevicius et al. 2022, https://arxiv.org/abs/2209.05433; the largest value is 57344. */
export const F8_E5M2: SmallFloat = { bits: 8, mantissa: 2, bias: 15, largest: 0x7b, overflow: 0x7c, nan: 0x7f, unsignedZero: false };
/** Same paper; no infinities, so overflow becomes NaN; the largest value is 448. */
export const F8_E4M3: SmallFloat = { bits: 8, mantissa: 3, bias: 7, largest: 0x7e, overflow: 0x7f, nan: 0x7f, unsignedZero: false };
/** Noune et al. 2022, https://arxiv.org/abs/2206.02915; the largest value is 240. */
export const F8_E4M3FNUZ: SmallFloat = { bits: 8, mantissa: 3, bias: 8, largest: 0x7f, overflow: 0x80, nan: 0x80, unsignedZero: true };
/** Same paper; the largest value is 57344. */
export const F8_E5M2FNUZ: SmallFloat = { bits: 8, mantissa: 2, bias: 16, largest: 0x7f, overflow: 0x80, nan: 0x80, unsignedZero: true };

/** The value that a code stands for, exactly. */
export function decodeFloat(code: number, { bits, mantissa, bias, largest, overflow, nan, unsignedZero }: SmallFloat): number {
  const signBit = 1 << (bits - 1);
  const negative = (code & signBit) !== 0;
  const magnitude = code & (signBit - 1);
  if (unsignedZero && code === signBit) return NaN;
  if (magnitude > largest) return magnitude === overflow && overflow !== nan ? (negative ? -Infinity : Infinity) : NaN;
  const exponent = magnitude >> mantissa;
  const fraction = magnitude & ((1 << mantissa) - 1);
  const value = exponent === 0
    ? fraction * 2 ** (1 - bias - mantissa)
    : (fraction + (1 << mantissa)) * 2 ** (exponent - bias - mantissa);
  return negative ? -value : value;
}

/** Rounds to an integer, ties to even, for 0 ≤ x < 2⁵¹: at 2⁵² the unit in the last place of a double is 1. */
const ROUND = 2 ** 52;

/** Rounds every float to the nearest code, ties to the even one; subnormals are kept. `saturate` stops at the largest value. */
export function encodeFloats(values: Float32Array, format: SmallFloat, { saturate }: { saturate: boolean }): Uint8Array | Uint16Array {
  const { bits, mantissa, bias, largest, nan, unsignedZero } = format;
  const overflow = saturate ? largest : format.overflow;
  const codes = bits === 8 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const shift = 23 - mantissa;
  const half = 2 ** (shift - 1) - 1;
  const rebias = (127 - bias) * 2 ** 23;
  const smallestNormal = rebias + 2 ** 23;
  const subnormalScale = 2 ** (bias - 1 + mantissa);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const magnitude = word & 0x7fffffff;
    const sign = word >>> 31 << (bits - 1);
    let code: number;
    if (magnitude > 0x7f800000) code = nan;
    else if (magnitude >= smallestNormal) {
      code = (magnitude + half + ((magnitude >>> shift) & 1) - rebias) >>> shift;
      if (code > largest) code = overflow;
    } else code = Math.abs(values[i]!) * subnormalScale + ROUND - ROUND;
    codes[i] = unsignedZero && (code === 0 || code === nan) ? code : code | sign;
  }
  return codes;
}
