import { quoted } from '../safetensors/errors.ts';
import { GgufError } from './errors.ts';
import type { GgufTensor } from './read.ts';
import { ggufBytes, GGUF_TYPES, type GgufType, isGgufType } from './types.ts';
import { aligned, ARRAY, DEFAULT_ALIGNMENT, type GgufScalarType, type GgufValue, MAGIC, MAX_NAME_BYTES, SCALARS, VERSION } from './value.ts';

/** A tensor whose bytes are made only when its turn to be written comes. */
export interface LazyGgufTensor {
  readonly type: GgufType;
  readonly shape: readonly number[];
  readonly data: () => Uint8Array | Promise<Uint8Array>;
}

/** Keys and values to write, in order. */
export type GgufKeys = Readonly<Record<string, GgufValue>> | Iterable<readonly [string, GgufValue]>;

const entriesOf = (keys: GgufKeys): (readonly [string, GgufValue])[] => (Symbol.iterator in keys ? [...keys as Iterable<readonly [string, GgufValue]>] : Object.entries(keys));

/** Bytes that grow as they are written to; numbers are little-endian. */
function writer(): { u32(value: number): void; u64(value: number | bigint): void; text(text: string): void; scalar(type: GgufScalarType, value: unknown, key: string): void; bytes(alignment: number): Uint8Array } {
  let bytes = new Uint8Array(1024);
  let view = new DataView(bytes.buffer);
  let length = 0;
  const room = (size: number): number => {
    if (length + size > bytes.length) {
      const larger = new Uint8Array(Math.max(2 * bytes.length, length + size));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
      view = new DataView(bytes.buffer);
    }
    length += size;
    return length - size;
  };
  // Room comes first: it may put another array in place of this one.
  const put = (size: number, set: (at: number) => void): void => set(room(size));
  const u64 = (value: number | bigint): void => put(8, (at) => view.setBigUint64(at, BigInt(value), true));
  const text = (value: string): void => {
    const encoded = new TextEncoder().encode(value);
    u64(encoded.length);
    put(encoded.length, (at) => bytes.set(encoded, at));
  };
  const numbers: Record<Exclude<GgufScalarType, 'string' | 'bool'>, (value: number | bigint) => void> = {
    u8: (value) => put(1, (at) => view.setUint8(at, Number(value))),
    i8: (value) => put(1, (at) => view.setInt8(at, Number(value))),
    u16: (value) => put(2, (at) => view.setUint16(at, Number(value), true)),
    i16: (value) => put(2, (at) => view.setInt16(at, Number(value), true)),
    u32: (value) => put(4, (at) => view.setUint32(at, Number(value), true)),
    i32: (value) => put(4, (at) => view.setInt32(at, Number(value), true)),
    f32: (value) => put(4, (at) => view.setFloat32(at, Number(value), true)),
    f64: (value) => put(8, (at) => view.setFloat64(at, Number(value), true)),
    u64,
    i64: (value) => put(8, (at) => view.setBigInt64(at, BigInt(value), true)),
  };
  return {
    u32: (value) => numbers.u32(value),
    u64,
    text,
    scalar(type, value, key) {
      checkScalar(type, value, key);
      if (type === 'string') text(value as string);
      else if (type === 'bool') numbers.u8(value === true ? 1 : 0);
      else numbers[type](value as number | bigint);
    },
    bytes(alignment) {
      const whole = new Uint8Array(aligned(length, alignment));
      whole.set(bytes.subarray(0, length));
      return whole;
    },
  };
}

/** Whether a value is of its type, and in its range where it is a whole number. */
function checkScalar(type: GgufScalarType, value: unknown, key: string): void {
  const fail = (): never => {
    throw new GgufError('E_VALUE', `writeGguf: expected ${type} for ${quoted(key)} but found ${typeof value === 'string' ? quoted(value) : `${typeof value} ${String(value)}`}.`);
  };
  if (type === 'string' || type === 'bool') {
    if (typeof value !== (type === 'bool' ? 'boolean' : 'string')) fail();
    return;
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') return void fail();
  if (type === 'f32' || type === 'f64') return;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) fail();
  const bits = BigInt(8 * SCALARS[type][1]);
  const [low, high] = type.startsWith('u') ? [0n, 1n << bits] : [-(1n << (bits - 1n)), 1n << (bits - 1n)];
  if (BigInt(value) < low || BigInt(value) >= high) fail();
}

function isScalarType(type: unknown): type is GgufScalarType {
  return typeof type === 'string' && Object.hasOwn(SCALARS, type);
}

function writeValue(to: ReturnType<typeof writer>, key: string, value: GgufValue): void {
  if (typeof value === 'string' || typeof value === 'boolean') {
    const type = typeof value === 'string' ? 'string' : 'bool';
    to.u32(SCALARS[type][0]);
    to.scalar(type, value, key);
    return;
  }
  const of = value.type === 'array' ? value.of : value.type;
  if (!isScalarType(of)) throw new GgufError('E_VALUE_TYPE', `writeGguf: expected one of ${Object.keys(SCALARS).join(', ')} for ${quoted(key)} but found ${quoted(String(of))}.`);
  if (value.type !== 'array') {
    to.u32(SCALARS[of][0]);
    to.scalar(of, value.value, key);
    return;
  }
  to.u32(ARRAY);
  to.u32(SCALARS[of][0]);
  to.u64(value.value.length);
  for (const each of value.value) to.scalar(of, each, key);
}

/** The bytes before the values, padded to the alignment, and the tensors in the order of the file. */
function plan<T extends GgufTensor | LazyGgufTensor>(keys: GgufKeys, tensors: Iterable<readonly [string, T]>): { header: Uint8Array; ordered: (readonly [string, T, number])[]; alignment: number } {
  const entries = entriesOf(keys);
  const found = entries.find(([key]) => key === 'general.alignment')?.[1];
  const alignment = typeof found === 'object' && found.type === 'u32' ? Number(found.value) : found === undefined ? DEFAULT_ALIGNMENT : NaN;
  if (!(alignment >= 1) || (alignment & (alignment - 1)) !== 0) throw new GgufError('E_ALIGNMENT', `writeGguf: expected general.alignment to be a power of two as u32 but found ${JSON.stringify(found)?.slice(0, 80)}.`);
  const to = writer();
  const ordered: (readonly [string, T, number])[] = [];
  const seen = new Set<string>();
  to.u32(MAGIC);
  to.u32(VERSION);
  const listed = [...tensors];
  to.u64(listed.length);
  to.u64(entries.length);
  for (const [key, value] of entries) {
    if (seen.has(key)) throw new GgufError('E_DUPLICATE_KEY', `writeGguf: expected every key once but found ${quoted(key)} twice.`);
    seen.add(key);
    to.text(key);
    writeValue(to, key, value);
  }
  seen.clear();
  let offset = 0;
  for (const [name, tensor] of listed) {
    if (new TextEncoder().encode(name).length > MAX_NAME_BYTES || name.split('.').includes('__proto__')) throw new GgufError('E_NAME', `writeGguf: expected a name of at most ${MAX_NAME_BYTES} bytes but found ${quoted(name)}. Rename the tensor.`);
    if (seen.has(name)) throw new GgufError('E_DUPLICATE_NAME', `writeGguf: expected every tensor once but found ${quoted(name)} twice.`);
    seen.add(name);
    if (!isGgufType(tensor.type)) throw new GgufError('E_TYPE', `writeGguf: expected a type of GGUF for ${quoted(name)} but found ${quoted(String(tensor.type))}.`);
    if (tensor.shape.length > 4) throw new GgufError('E_DIMS', `writeGguf: expected at most 4 dimensions but found [${tensor.shape.join(', ')}] in ${quoted(name)}.`);
    const bytes = ggufBytes(tensor.type, tensor.shape, { name });
    to.text(name);
    to.u32(tensor.shape.length);
    for (const size of [...tensor.shape].reverse()) to.u64(size);
    to.u32(GGUF_TYPES[tensor.type].id);
    to.u64(offset);
    ordered.push([name, tensor, bytes]);
    offset += aligned(bytes, alignment);
  }
  return { header: to.bytes(alignment), ordered, alignment };
}

/**
 * A GGUF file in chunks, one tensor at a time, so that a model of any size needs no second copy.
 *
 * @throws GgufError as `writeGguf`; a lazy tensor of the wrong size is found when its turn comes.
 *
 * @example
 * ```ts
 * import { writeGgufStream } from '@llm/tensor';
 * let bytes = 0;
 * const norm = { type: 'F32', shape: [2], data: async () => new Uint8Array(8) } as const;
 * for await (const chunk of writeGgufStream({}, [['norm', norm]])) bytes += chunk.length;
 * if (bytes % 32 !== 0) throw new Error('everything is padded to 32 bytes');
 * ```
 */
export async function* writeGgufStream(keys: GgufKeys, tensors: Iterable<readonly [string, GgufTensor | LazyGgufTensor]>): AsyncGenerator<Uint8Array, void, undefined> {
  const { header, ordered, alignment } = plan(keys, tensors);
  yield header;
  for (const [name, { data }, bytes] of ordered) {
    const found = typeof data === 'function' ? await data() : data;
    checkBytes(name, found, bytes);
    yield found;
    const padding = aligned(bytes, alignment) - bytes;
    if (padding > 0) yield new Uint8Array(padding);
  }
}

function checkBytes(name: string, found: Uint8Array, bytes: number): void {
  if (found.length !== bytes) throw new GgufError('E_TENSOR_SIZE', `writeGguf: expected ${bytes} bytes for ${quoted(name)} but found ${found.length}.`);
}

/**
 * A GGUF file, version 3: keys with typed values, the list of tensors, and their values from the next multiple of
 * `general.alignment` (default 32) on, each padded to it.
 *
 * @throws GgufError E_ALIGNMENT, E_DUPLICATE_KEY, E_DUPLICATE_NAME, E_NAME, E_VALUE, E_VALUE_TYPE, E_TYPE, E_DIMS, E_SHAPE, E_BLOCK, E_OVERFLOW,
 * E_TENSOR_SIZE, E_ALLOCATION.
 *
 * @example
 * ```ts
 * import { readGguf, writeGguf } from '@llm/tensor';
 * const file = writeGguf({ 'general.name': 'tiny', 'llama.block_count': { type: 'u32', value: 2 } }, []);
 * if (readGguf(file).metadata.get('general.name') !== 'tiny') throw new Error('round trip');
 * ```
 *
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function writeGguf(keys: GgufKeys, tensors: Iterable<readonly [string, GgufTensor]>): Uint8Array {
  const { header, ordered, alignment } = plan(keys, tensors);
  const total = ordered.reduce((sum, [, , bytes]) => sum + aligned(bytes, alignment), header.length);
  let file: Uint8Array;
  try {
    file = new Uint8Array(total);
  } catch (cause) {
    throw new GgufError('E_ALLOCATION', `writeGguf: expected room for ${total} bytes but found none. Use writeGgufStream.`, { cause });
  }
  file.set(header);
  let at = header.length;
  for (const [name, { data }, bytes] of ordered) {
    checkBytes(name, data, bytes);
    file.set(data, at);
    at += aligned(bytes, alignment);
  }
  return file;
}
