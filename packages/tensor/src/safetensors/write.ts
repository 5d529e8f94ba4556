import { dtypeRank, isDtype, tensorBytes } from './dtype.ts';
import type { Dtype } from './dtype.ts';
import { quoted, SafetensorsError } from './errors.ts';
import { checkTensorName, MAX_HEADER_BYTES } from './header.ts';

/** The arrays that hold tensor elements; a Uint8Array holds the raw little-endian bytes of any dtype. */
export type ElementArray =
  | Uint8Array | Uint8ClampedArray | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array
  | Float32Array | Float64Array | BigInt64Array | BigUint64Array;

/** A tensor to write. */
export interface WritableTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: ElementArray;
}

/** A tensor whose elements are fetched only when its turn to be written comes, as from a GPU or another file. */
export interface LazyTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: () => ElementArray | Promise<ElementArray>;
}

export interface WriteOptions {
  /** Strings stored with the tensors; the default is what Hugging Face loaders look for. An empty object writes none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const HOLDS: Readonly<Record<string, readonly Dtype[]>> = {
  Int8Array: ['I8'], Uint8ClampedArray: ['U8'], Int16Array: ['I16'], Uint16Array: ['U16', 'F16', 'BF16'],
  Int32Array: ['I32'], Uint32Array: ['U32'], Float32Array: ['F32', 'C64'], Float64Array: ['F64'],
  BigInt64Array: ['I64'], BigUint64Array: ['U64'],
};

const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function bytesOf(name: string, { dtype, shape }: { dtype: Dtype; shape: readonly number[] }, data: ElementArray): Uint8Array {
  const kind = Object.prototype.toString.call(data).slice(8, -1);
  if (!(data instanceof Uint8Array) && !(Object.hasOwn(HOLDS, kind) && HOLDS[kind]!.includes(dtype))) {
    throw new SafetensorsError('E_DTYPE', `writeSafetensors: expected elements or raw bytes of ${dtype} for ${quoted(name)} but found ${kind}. Convert with fromFloat32, or give the bytes as a Uint8Array.`);
  }
  if (!LITTLE_ENDIAN && !(data instanceof Uint8Array)) {
    throw new SafetensorsError('E_DTYPE', `writeSafetensors: expected little-endian bytes for ${quoted(name)} but found elements on a big-endian machine. Swap them and give a Uint8Array.`);
  }
  const expected = tensorBytes(dtype, shape, { name });
  if (data.byteLength !== expected) {
    throw new SafetensorsError('E_TENSOR_SIZE', `writeSafetensors: expected ${expected} bytes for ${quoted(name)} (${dtype}, [${shape.join(', ')}]) but found ${data.byteLength}.`);
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** By bytes of UTF-8, as the reference compares names; JavaScript's own order differs above U+FFFF. */
export function byUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xHigh = x >= 0xd800 && x <= 0xdfff;
    const yHigh = y >= 0xd800 && y <= 0xdfff;
    return xHigh === yHigh ? x - y : xHigh ? 1 : -1;
  }
  return a.length - b.length;
}

function metadataJson(metadata: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(metadata);
  for (const [key, value] of entries) {
    if (typeof value !== 'string') {
      throw new SafetensorsError('E_METADATA', `writeSafetensors: expected metadata of strings but found ${typeof value} at ${quoted(key)}. Store JSON.stringify of it.`);
    }
  }
  if (entries.length === 0) return [];
  return [`"__metadata__":{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`];
}

/** The header's bytes (length included, padded with spaces to a multiple of 8), and the tensors in the order of the file. */
export function planFile<T extends WritableTensor | LazyTensor>(
  tensors: Iterable<readonly [string, T]>,
  { metadata = { format: 'pt' } }: WriteOptions = {},
): { header: Uint8Array; ordered: (readonly [string, T])[]; dataBytes: number } {
  const ordered = [...tensors];
  const seen = new Set<string>();
  for (const [name, { dtype }] of ordered) {
    if (typeof name !== 'string' || name === '__metadata__' || /\p{Surrogate}/u.test(name)) {
      throw new SafetensorsError('E_NAME', `writeSafetensors: expected a tensor name but found ${quoted(String(name))}. Rename the tensor.`);
    }
    checkTensorName(name);
    if (seen.has(name)) {
      throw new SafetensorsError('E_DUPLICATE_KEY', `writeSafetensors: expected every name once but found ${quoted(name)} twice. Tied tensors are written once, under one name.`);
    }
    seen.add(name);
    if (!isDtype(dtype)) {
      throw new SafetensorsError('E_DTYPE', `writeSafetensors: expected a dtype of the format for ${quoted(name)} but found ${quoted(String(dtype))}.`);
    }
  }
  ordered.sort(([a, x], [b, y]) => dtypeRank(y.dtype) - dtypeRank(x.dtype) || byUtf8(a, b));
  let dataBytes = 0;
  const parts = metadataJson(metadata);
  for (const [name, { dtype, shape }] of ordered) {
    const end = dataBytes + tensorBytes(dtype, shape, { name });
    parts.push(`${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${dataBytes},${end}]}`);
    dataBytes = end;
  }
  const json = new TextEncoder().encode(`{${parts.join(',')}}`);
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    throw new SafetensorsError('E_HEADER_TOO_LARGE', `writeSafetensors: expected a header of at most ${MAX_HEADER_BYTES} bytes but found one of ${length}. Write several files.`);
  }
  const header = new Uint8Array(8 + length).fill(32, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return { header, ordered, dataBytes };
}

/**
 * Writes tensors as one safetensors file: header padded with spaces to 8 bytes, tensors back to back, widest dtype first and
 * then by name, byte for byte what the reference writes.
 *
 * @throws SafetensorsError E_NAME, E_DUPLICATE_KEY, E_DTYPE, E_SHAPE, E_OVERFLOW, E_TENSOR_SIZE, E_METADATA, E_ALLOCATION.
 *
 * @example
 * ```ts
 * import { writeSafetensors } from '@llm/tensor';
 * const file = writeSafetensors([['w', { dtype: 'F32', shape: [1, 2], data: new Float32Array([1, 2]) }]]);
 * if (file.length % 8 !== 0 || file[8] !== 0x7b) throw new Error('the header begins with { and is padded to 8');
 * ```
 */
export function writeSafetensors(tensors: Iterable<readonly [string, WritableTensor]>, options: WriteOptions = {}): Uint8Array {
  const { header, ordered, dataBytes } = planFile(tensors, options);
  const parts = ordered.map(([name, tensor]) => bytesOf(name, tensor, tensor.data));
  let file: Uint8Array;
  try {
    file = new Uint8Array(header.length + dataBytes);
  } catch (cause) {
    throw new SafetensorsError('E_ALLOCATION', `writeSafetensors: expected room for ${header.length + dataBytes} bytes but found none. Use writeSafetensorsStream.`, { cause });
  }
  file.set(header);
  let at = header.length;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/**
 * The same file in chunks, one tensor at a time and without copying, so that a checkpoint of any size needs no second copy.
 *
 * @throws SafetensorsError as `writeSafetensors`; a lazy tensor of the wrong size is found when its turn comes.
 *
 * @example
 * ```ts
 * import { writeSafetensorsStream } from '@llm/tensor';
 * let bytes = 0;
 * const weight = { dtype: 'F32', shape: [2], data: async () => new Float32Array([1, 2]) } as const;
 * for await (const chunk of writeSafetensorsStream([['weight', weight]])) bytes += chunk.length;
 * if (bytes % 8 !== 0) throw new Error('header and tensor are multiples of 8 bytes');
 * ```
 */
export async function* writeSafetensorsStream(
  tensors: Iterable<readonly [string, WritableTensor | LazyTensor]>,
  options: WriteOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { header, ordered } = planFile(tensors, options);
  yield header;
  for (const [name, tensor] of ordered) {
    const data = typeof tensor.data === 'function' ? await tensor.data() : tensor.data;
    const bytes = bytesOf(name, tensor, data);
    if (bytes.length > 0) yield bytes;
  }
}
