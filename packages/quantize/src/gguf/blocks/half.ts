import { toFloat32 } from '@llm/tensor';

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);
/** Rounds 0 ≤ x < 2⁵¹ to a whole number, ties to even. */
const ROUND = 2 ** 52;

/** The binary16 code of a float, to the nearest and ties to even; what is too large becomes infinite. */
export function toHalf(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x38800000) {
    if (magnitude > 0x7f800000) return sign | 0x7e00;
    const code = (magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13;
    return sign | Math.min(code, 0x7c00);
  }
  return sign | (Math.abs(float[0]) * 2 ** 24 + ROUND - ROUND);
}

let table: Float32Array | undefined;

/** The values of all 65,536 codes. */
export function halves(): Float32Array {
  table ??= toFloat32({ dtype: 'F16', shape: [65_536], data: new Uint8Array(Uint16Array.from({ length: 65_536 }, (_, code) => code).buffer) }).slice();
  return table;
}
