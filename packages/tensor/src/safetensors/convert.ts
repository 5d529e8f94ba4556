import { isDtype, tensorBytes } from './dtype.ts';
import type { Dtype } from './dtype.ts';
import { quoted, SafetensorsError } from './errors.ts';
import type { RawTensor } from './read.ts';
import { BF16, decodeFloat, encodeFloats, F16, F8_E4M3, F8_E4M3FNUZ, F8_E5M2, F8_E5M2FNUZ } from './small-float.ts';
import type { SmallFloat } from './small-float.ts';

const SMALL: Partial<Record<Dtype, SmallFloat>> = { F16, BF16, F8_E4M3, F8_E5M2, F8_E4M3FNUZ, F8_E5M2FNUZ };
const tables = new Map<Dtype, Float32Array>();

function tableOf(dtype: Dtype, format: SmallFloat): Float32Array {
  let table = tables.get(dtype);
  if (table === undefined) {
    table = Float32Array.from({ length: 2 ** format.bits }, (_, code) => decodeFloat(code, format));
    tables.set(dtype, table);
  }
  return table;
}

/** A typed-array view where the bytes are aligned for it, on a copy of them otherwise. */
function viewed<T>(bytes: Uint8Array, Type: { new (buffer: ArrayBufferLike, offset: number, length: number): T; BYTES_PER_ELEMENT: number }): T {
  const aligned = bytes.byteOffset % Type.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Type(aligned.buffer, aligned.byteOffset, aligned.byteLength / Type.BYTES_PER_ELEMENT);
}

/**
 * The elements as 32-bit floats, row-major: exact for F32, F16, BF16, F8, BOOL and integers below 2²⁴, rounded to the nearest float otherwise.
 *
 * An F32 tensor whose bytes are aligned comes back as a view on them; anything else is a new array.
 *
 * @throws SafetensorsError E_DTYPE for C64 and the sub-byte floats, E_TENSOR_SIZE when the bytes do not fit the shape.
 *
 * @example
 * ```ts
 * import { toFloat32 } from '@llm/tensor';
 * const [one] = toFloat32({ dtype: 'BF16', shape: [1], data: new Uint8Array([0x80, 0x3f]) });
 * if (one !== 1) throw new Error('0x3f80 is 1 in bfloat16');
 * ```
 */
export function toFloat32({ dtype, shape, data }: RawTensor): Float32Array {
  if (!isDtype(dtype)) throw new SafetensorsError('E_DTYPE', `toFloat32: expected a dtype of the format but found ${quoted(String(dtype))}.`);
  const bytes = tensorBytes(dtype, shape);
  if (data.length !== bytes) {
    throw new SafetensorsError('E_TENSOR_SIZE', `toFloat32: expected ${bytes} bytes for ${dtype} [${shape.join(', ')}] but found ${data.length}.`);
  }
  switch (dtype) {
    case 'F32': return viewed(data, Float32Array);
    case 'F64': return new Float32Array(viewed(data, Float64Array));
    case 'BF16': return fromUpperHalves(viewed(data, Uint16Array));
    case 'I8': return new Float32Array(viewed(data, Int8Array));
    case 'U8': return new Float32Array(data);
    case 'BOOL': return Float32Array.from(data, (byte) => (byte === 0 ? 0 : 1));
    case 'I16': return new Float32Array(viewed(data, Int16Array));
    case 'U16': return new Float32Array(viewed(data, Uint16Array));
    case 'I32': return new Float32Array(viewed(data, Int32Array));
    case 'U32': return new Float32Array(viewed(data, Uint32Array));
    case 'I64': return fromBigInts(viewed(data, BigInt64Array));
    case 'U64': return fromBigInts(viewed(data, BigUint64Array));
    case 'F8_E8M0': return Float32Array.from(data, (exponent) => (exponent === 255 ? NaN : 2 ** (exponent - 127)));
  }
  const format = SMALL[dtype];
  if (format === undefined) {
    throw new SafetensorsError('E_DTYPE', `toFloat32: expected a dtype with real numbers of whole bytes but found ${dtype}. Decode its bytes from \`data\`.`);
  }
  const table = tableOf(dtype, format);
  const codes = format.bits === 8 ? data : viewed(data, Uint16Array);
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = table[codes[i]!]!;
  return values;
}

/** bfloat16 is the upper half of binary32, so widening is a shift; NaN payloads survive it. */
function fromUpperHalves(codes: Uint16Array): Float32Array {
  const words = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) words[i] = codes[i]! << 16;
  return new Float32Array(words.buffer);
}

function fromBigInts(values: BigInt64Array | BigUint64Array): Float32Array {
  const floats = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) floats[i] = Number(values[i]);
  return floats;
}

/**
 * Rounds floats to `dtype`, to the nearest and ties to even; values beyond its largest become infinite, or NaN in the formats
 * that have no infinity, so that an overflow shows. With `saturate` they become the largest value instead, as PyTorch casts
 * to float8_e4m3fn since 2026 (before that, and in ml_dtypes, they are NaN).
 *
 * @throws SafetensorsError E_DTYPE for dtypes that are not floating point of whole bytes, E_TENSOR_SIZE when the shape does not fit.
 *
 * @example
 * ```ts
 * import { fromFloat32, toFloat32 } from '@llm/tensor';
 * const half = fromFloat32(new Float32Array([65504, 65520]), 'F16');
 * if (toFloat32(half).join() !== '65504,Infinity') throw new Error('65520 lies half-way and rounds up');
 * ```
 */
export function fromFloat32(
  values: Float32Array,
  dtype: Dtype,
  { shape = [values.length], saturate = false }: { shape?: readonly number[]; saturate?: boolean } = {},
): RawTensor {
  const format = SMALL[dtype];
  if (format === undefined && dtype !== 'F32' && dtype !== 'F64') {
    throw new SafetensorsError('E_DTYPE', `fromFloat32: expected F64, F32, F16, BF16 or an 8-bit float but found ${quoted(String(dtype))}. Write integers from their own typed array.`);
  }
  const expected = tensorBytes('U8', shape);
  if (values.length !== expected) {
    throw new SafetensorsError('E_TENSOR_SIZE', `fromFloat32: expected ${expected} values for [${shape.join(', ')}] but found ${values.length}.`);
  }
  const codes = format !== undefined ? encodeFloats(values, format, { saturate }) : dtype === 'F64' ? Float64Array.from(values) : values.slice();
  return { dtype, shape: [...shape], data: new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength) };
}
