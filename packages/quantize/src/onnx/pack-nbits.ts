/** A matrix as MatMulNBits of onnxruntime takes it. */
export interface PackedNBits {
  /** [outputs, blocks, block / 2]: two codes a byte, the first in the low bits; beyond the last input zeros. */
  readonly codes: Uint8Array;
  /** [outputs, blocks]. */
  readonly scales: Float32Array;
  /** [outputs, ⌈blocks / 2⌉]: two a byte; undefined where every zero point is 8. */
  readonly zeroPoints: Uint8Array | undefined;
}

export interface NBitsSizes {
  readonly outputs: number;
  readonly inputs: number;
  /** A power of two from 16 on. */
  readonly block: number;
  readonly symmetric: boolean;
}

/** The nearest whole number, of two equally near ones that farther from 0, as roundf does. */
const roundAway = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

const clamped = (value: number): number => Math.min(15, Math.max(0, value));

/**
 * Rows [outputs, inputs] in four bits, in blocks along the inputs, to the byte as onnxruntime's MatMulNBitsQuantizer does it.
 *
 *   symmetric:  scale = −w* / 8 for the w* of largest magnitude;            code = round(w / scale + 8)
 *   asymmetric: scale = (max − min) / 15 with 0 among them, zero = round(−min / scale);  code = round(w / scale + zero)
 *
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits
 */
export function packNBits(values: Float32Array, { outputs, inputs, block, symmetric }: NBitsSizes): PackedNBits {
  const blocks = Math.ceil(inputs / block);
  const bytes = block / 2;
  const codes = new Uint8Array(outputs * blocks * bytes);
  const scales = new Float32Array(outputs * blocks);
  const zeroBytes = Math.ceil(blocks / 2);
  const zeroPoints = symmetric ? undefined : new Uint8Array(outputs * zeroBytes);
  for (let output = 0; output < outputs; output++) {
    const row = values.subarray(output * inputs, (output + 1) * inputs);
    // What an odd number of blocks leaves over is 8, as in the reference.
    if (zeroPoints !== undefined && blocks % 2 !== 0) zeroPoints[(output + 1) * zeroBytes - 1] = 0x80;
    for (let b = 0; b < blocks; b++) {
      const own = row.subarray(b * block, (b + 1) * block);
      const { scale, zero } = (symmetric ? symmetricGrid : asymmetricGrid)(own);
      const at = output * blocks + b;
      scales[at] = scale;
      if (zeroPoints !== undefined) zeroPoints[output * zeroBytes + (b >> 1)]! |= zero << (4 * (b & 1));
      const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
      own.forEach((value, i) => {
        const code = clamped(roundAway(Math.fround(Math.fround(value * inverse) + zero)));
        codes[at * bytes + (i >> 1)]! |= code << (4 * (i & 1));
      });
    }
  }
  return { codes, scales, zeroPoints };
}

function extremes(values: Float32Array): { min: number; max: number } {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

function symmetricGrid(values: Float32Array): { scale: number; zero: number } {
  const { min, max } = extremes(values);
  return { scale: Math.fround(-(Math.abs(max) > Math.abs(min) ? max : min) / 8), zero: 8 };
}

function asymmetricGrid(values: Float32Array): { scale: number; zero: number } {
  const found = extremes(values);
  const [min, max] = [Math.min(found.min, 0), Math.max(found.max, 0)];
  const scale = Math.fround(Math.fround(max - min) / 15);
  return { scale, zero: scale === 0 ? 0 : clamped(roundAway(Math.fround(-Math.fround(min / scale)))) };
}

/** The values [outputs, inputs] that the codes stand for: (code − zero) · scale. */
export function unpackNBits({ codes, scales, zeroPoints }: PackedNBits, { outputs, inputs, block }: Omit<NBitsSizes, 'symmetric'>): Float32Array {
  const blocks = Math.ceil(inputs / block);
  const values = new Float32Array(outputs * inputs);
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      const b = Math.floor(input / block);
      const at = output * blocks + b;
      const within = input - b * block;
      const code = (codes[(at * block + within) >> 1]! >> (4 * (within & 1))) & 15;
      const zero = zeroPoints === undefined ? 8 : (zeroPoints[output * Math.ceil(blocks / 2) + (b >> 1)]! >> (4 * (b & 1))) & 15;
      values[output * inputs + input] = (code - zero) * scales[at]!;
    }
  }
  return values;
}

/** Codes, scales and whole zeros that were chosen elsewhere, laid out in the same way. */
export function packCodes({ outputs, inputs, groupSize, codes: given, scales, zeros }: {
  readonly outputs: number; readonly inputs: number; readonly groupSize: number; readonly codes: Uint8Array; readonly scales: Float32Array; readonly zeros: Float32Array;
}): PackedNBits {
  const blocks = Math.ceil(inputs / groupSize);
  const zeroBytes = Math.ceil(blocks / 2);
  const codes = new Uint8Array((outputs * blocks * groupSize) / 2);
  const zeroPoints = new Uint8Array(outputs * zeroBytes);
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) codes[(output * blocks * groupSize + input) >> 1]! |= given[output * inputs + input]! << (4 * (input & 1));
    for (let b = 0; b < blocks; b++) zeroPoints[output * zeroBytes + (b >> 1)]! |= zeros[output * blocks + b]! << (4 * (b & 1));
  }
  return { codes, scales, zeroPoints };
}
