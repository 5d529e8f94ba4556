import { quoted } from '../safetensors/errors.ts';
import { type Cursor, cursor } from './cursor.ts';
import { GgufError } from './errors.ts';
import { ggufBytes, GGUF_TYPES, type GgufType, typeOfId } from './types.ts';
import { aligned, ARRAY, DEFAULT_ALIGNMENT, type GgufMetadata, type GgufScalarType, type GgufValue, MAGIC, MAX_NAME_BYTES, SCALARS, VERSION } from './value.ts';

/** Where one tensor lies: `offset` counts bytes from the header's `dataStart`. The first size is the outermost, as elsewhere. */
export interface GgufTensorInfo {
  readonly type: GgufType;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly bytes: number;
}

export interface GgufHeader {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
  readonly alignment: number;
  readonly dataStart: number;
}

const NAMES: ReadonlyMap<number, GgufScalarType> = new Map(Object.entries(SCALARS).map(([name, [id]]) => [id, name as GgufScalarType]));

/** The largest and smallest that a bigint may be to become a number. */
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** More than any vocabulary has: a list takes many times its bytes in memory. */
const MAX_ELEMENTS = 2 ** 24;

function scalar(from: Cursor, type: GgufScalarType, key: string): string | boolean | number | bigint {
  if (type === 'string') return from.text(`the value of ${quoted(key)}`);
  if (type === 'bool') {
    const found = from.u8();
    if (found > 1) throw new GgufError('E_VALUE', `readGguf: expected 0 or 1 for ${quoted(key)} but found ${found}. The file is damaged.`);
    return found === 1;
  }
  const value = from[type]();
  return typeof value === 'bigint' && value <= SAFE && value >= -SAFE ? Number(value) : value;
}

function typeOf(id: number, key: string): GgufScalarType {
  const type = NAMES.get(id);
  if (type === undefined) throw new GgufError('E_VALUE_TYPE', `readGguf: expected one of the 13 types of values for ${quoted(key)} but found ${id}. The file is damaged, or newer than this reader.`);
  return type;
}

function valueOf(from: Cursor, key: string): GgufValue {
  const id = from.u32();
  if (id !== ARRAY) {
    const type = typeOf(id, key);
    const value = scalar(from, type, key);
    return typeof value === 'string' || typeof value === 'boolean' ? value : { type: type as 'u32', value };
  }
  const inner = from.u32();
  if (inner === ARRAY) throw new GgufError('E_NESTED_ARRAY', `readGguf: expected a list of plain values for ${quoted(key)} but found a list of lists. llama.cpp writes none; the file is damaged or hostile.`);
  const of = typeOf(inner, key);
  const count = from.count(`elements of ${quoted(key)}`, { atLeastBytes: SCALARS[of][1] || 8 });
  if (count > MAX_ELEMENTS) throw new GgufError('E_COUNT', `readGguf: expected at most ${MAX_ELEMENTS} elements of ${quoted(key)} but found ${count}. The file is damaged or hostile.`);
  const value: unknown[] = [];
  for (let i = 0; i < count; i++) value.push(scalar(from, of, key));
  return { type: 'array', of, value } as GgufValue;
}

function alignmentOf(metadata: GgufMetadata): number {
  const found = metadata.get('general.alignment');
  if (found === undefined) return DEFAULT_ALIGNMENT;
  const value = typeof found === 'object' && found.type === 'u32' ? Number(found.value) : NaN;
  if (!(value >= 1) || (value & (value - 1)) !== 0) {
    throw new GgufError('E_ALIGNMENT', `readGguf: expected general.alignment to be a power of two as u32 but found ${typeof found === 'object' ? `${found.type} ${String(found.value).slice(0, 40)}` : quoted(String(found))}. The file is damaged.`);
  }
  return value;
}

function tensorInfo(from: Cursor): [string, GgufTensorInfo] {
  const name = from.text('the name of a tensor');
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) throw new GgufError('E_NAME', `readGguf: expected names of at most ${MAX_NAME_BYTES} bytes but found ${quoted(name)}.`);
  if (name.split('.').includes('__proto__')) throw new GgufError('E_NAME', `readGguf: expected the name of a tensor but found ${quoted(name)}, which would reach an object's prototype.`);
  const dims = from.u32();
  if (dims > 4) throw new GgufError('E_DIMS', `readGguf: expected at most 4 dimensions but found ${dims} in ${quoted(name)}. The file is damaged.`);
  const shape: number[] = [];
  for (let i = 0; i < dims; i++) {
    const size = from.u64();
    if (size > SAFE) throw new GgufError('E_OVERFLOW', `readGguf: expected sizes below 2^53 but found ${size} in ${quoted(name)}. The file is damaged or hostile.`);
    // The file lists the innermost size first.
    shape.unshift(Number(size));
  }
  const id = from.u32();
  const type = typeOfId(id);
  if (type === undefined) throw new GgufError('E_TYPE', `readGguf: expected a type of tensors that is known but found ${id} in ${quoted(name)}. Known are ${Object.entries(GGUF_TYPES).map(([each, info]) => `${each} ${info.id}`).join(', ')}.`);
  const offset = from.u64();
  if (offset > SAFE) throw new GgufError('E_OFFSETS', `readGguf: expected ${quoted(name)} inside the file but found it at byte ${offset}. The file is damaged or hostile.`);
  return [name, { type, shape, offset: Number(offset), bytes: ggufBytes(type, shape, { name }) }];
}

/** Whether the tensors lie apart from each other, on multiples of the alignment, and within the file. */
function checkPlaces(tensors: ReadonlyMap<string, GgufTensorInfo>, { alignment, dataBytes }: { alignment: number; dataBytes: number }): void {
  let end = 0;
  for (const [name, { offset, bytes }] of [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (offset % alignment !== 0) throw new GgufError('E_OFFSETS', `readGguf: expected ${quoted(name)} on a multiple of ${alignment} bytes but found it at ${offset}. The file is damaged.`);
    if (offset < end) throw new GgufError('E_OFFSETS', `readGguf: expected ${quoted(name)} behind the tensor before it, from byte ${end} on, but found it at ${offset}. The file is damaged or hostile.`);
    if (offset + bytes > dataBytes) throw new GgufError('E_OFFSETS', `readGguf: expected ${quoted(name)} to end within the ${dataBytes} bytes of the file's data but found ${offset} + ${bytes}. Download the file again.`);
    end = offset + bytes;
  }
}

/**
 * Reads and checks everything before the tensors' values. `bytes` must reach to the header's end, `fileBytes` is the size of the file.
 *
 * @throws GgufError with the code of the first rule broken; NeedsMore where `bytes` end before the header does.
 */
export function parseGgufHeader(bytes: Uint8Array, { fileBytes = bytes.length }: { fileBytes?: number } = {}): GgufHeader {
  const from = cursor(bytes, fileBytes);
  if (fileBytes < 4 || from.u32() !== MAGIC) throw new GgufError('E_MAGIC', 'readGguf: expected a file that begins with GGUF but found other bytes. Give a .gguf file.');
  const version = from.u32();
  if ((version & 0xffff) === 0 && version !== 0) throw new GgufError('E_BIG_ENDIAN', 'readGguf: expected a little-endian file but found a big-endian one. Convert it again on an ordinary machine.');
  // Version 2 differs from 3 in nothing that a little-endian file shows.
  if (version !== 2 && version !== VERSION) throw new GgufError('E_VERSION', `readGguf: expected version 2 or ${VERSION} but found ${version}. Convert the model again with a newer llama.cpp.`);
  // A tensor has at least an empty name, the number of its sizes, a type and an offset; a pair an empty key, a type and a byte.
  const tensorCount = from.count('tensors', { atLeastBytes: 24 });
  const keyCount = from.count('keys', { atLeastBytes: 13 });
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = from.text('a key');
    if (metadata.has(key)) throw new GgufError('E_DUPLICATE_KEY', `readGguf: expected every key once but found ${quoted(key)} twice.`);
    metadata.set(key, valueOf(from, key));
  }
  const alignment = alignmentOf(metadata);
  const tensors = new Map<string, GgufTensorInfo>();
  for (let i = 0; i < tensorCount; i++) {
    const [name, info] = tensorInfo(from);
    if (tensors.has(name)) throw new GgufError('E_DUPLICATE_NAME', `readGguf: expected every tensor once but found ${quoted(name)} twice.`);
    tensors.set(name, info);
  }
  const dataStart = aligned(from.at(), alignment);
  checkPlaces(tensors, { alignment, dataBytes: fileBytes - dataStart });
  return { metadata, tensors, alignment, dataStart };
}
