import { isDtype, tensorBytes } from './dtype.ts';
import type { Dtype } from './dtype.ts';
import { quoted, SafetensorsError } from './errors.ts';
import { parseStrictJson } from './strict-json.ts';
import type { JsonValue } from './strict-json.ts';
import { convertLine, looksLikePickle } from './pickle.ts';

/** The longest header that readers of the format accept. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Where one tensor lies: `begin` and `end` count bytes from the header's `dataStart`. */
export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order in which they lie in the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Offset of the first tensor byte in the file. */
  readonly dataStart: number;
  /** Bytes of all tensors together. */
  readonly dataBytes: number;
}

/**
 * The length in bytes of the JSON header, from the first 8 bytes of a file, checked before anything is allocated.
 *
 * @throws SafetensorsError E_HEADER_TOO_SMALL, E_HEADER_TOO_LARGE, E_HEADER_LENGTH, E_PICKLE.
 */
export function headerLength(bytes: Uint8Array, { fileBytes = bytes.length }: { fileBytes?: number } = {}): number {
  if (bytes.length < 8 || fileBytes < 8) {
    throw new SafetensorsError('E_HEADER_TOO_SMALL', `readSafetensors: expected at least 8 bytes but found ${Math.min(bytes.length, fileBytes)}. The file is truncated or not safetensors.`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    if (looksLikePickle(bytes)) {
      throw new SafetensorsError('E_PICKLE', `readSafetensors: expected safetensors but found a pickled PyTorch checkpoint, which can run code when read. ${convertLine('model.bin')}`);
    }
    throw new SafetensorsError('E_HEADER_TOO_LARGE', `readSafetensors: expected a header of at most ${MAX_HEADER_BYTES} bytes but found one of ${length}. The file is damaged or not safetensors.`);
  }
  if (Number(length) + 8 > fileBytes) {
    throw new SafetensorsError('E_HEADER_LENGTH', `readSafetensors: expected the header inside the file but found ${length} header bytes in a file of ${fileBytes}. Download the file again.`);
  }
  return Number(length);
}

function jsonOf(bytes: Uint8Array): JsonValue {
  let text: string;
  try {
    // A copy, since a decoder refuses shared memory; ignoreBOM keeps the mark visible, so that it is refused below.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.slice());
  } catch (cause) {
    throw new SafetensorsError('E_HEADER_UTF8', 'readSafetensors: expected a UTF-8 header but found bytes that are not. The file is damaged.', { cause });
  }
  if (text[0] !== '{') {
    throw new SafetensorsError('E_HEADER_START', `readSafetensors: expected the header to begin with "{" but found ${text === '' ? 'an empty header' : JSON.stringify(String.fromCodePoint(text.codePointAt(0)!))}.`);
  }
  return parseStrictJson(text, (kind, found) => kind === 'duplicate'
    ? new SafetensorsError('E_DUPLICATE_KEY', `readSafetensors: expected every key once but found ${quoted(found)} twice.`)
    : new SafetensorsError('E_HEADER_JSON', `readSafetensors: expected a JSON header but found ${found}.`));
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Map) return 'an object';
  if (value !== null && typeof value === 'object') return value.lexeme.length > 40 ? `${value.lexeme.slice(0, 40)}…` : value.lexeme;
  return typeof value === 'string' ? quoted(value) : String(value);
}

function metadataOf(value: JsonValue): Map<string, string> {
  if (!(value instanceof Map)) {
    throw new SafetensorsError('E_METADATA', `readSafetensors: expected "__metadata__" to be an object of strings but found ${shown(value)}.`);
  }
  for (const [key, item] of value) {
    if (typeof item !== 'string') {
      throw new SafetensorsError('E_METADATA', `readSafetensors: expected "__metadata__" to hold strings but found ${shown(item)} at ${quoted(key)}.`);
    }
  }
  return value as Map<string, string>;
}

function infoOf(name: string, value: JsonValue): TensorInfo {
  if (!(value instanceof Map)) {
    throw new SafetensorsError('E_TENSOR_INFO', `readSafetensors: expected dtype, shape and data_offsets for ${quoted(name)} but found ${shown(value)}.`);
  }
  const dtype = value.get('dtype');
  const shape = value.get('shape');
  const offsets = value.get('data_offsets');
  if (!isDtype(dtype)) {
    throw new SafetensorsError('E_DTYPE', `readSafetensors: expected a dtype of the format for ${quoted(name)} but found ${shown(dtype)}.`);
  }
  if (!Array.isArray(shape)) {
    throw new SafetensorsError('E_SHAPE', `readSafetensors: expected a shape for ${quoted(name)} but found ${shown(shape)}.`);
  }
  for (const size of shape) {
    if (typeof size !== 'number') {
      throw new SafetensorsError('E_SHAPE', `readSafetensors: expected whole dimensions >= 0 below 2^53 but found ${shown(size)} in the shape of ${quoted(name)}.`);
    }
  }
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? offsets : [];
  if (typeof begin !== 'number' || typeof end !== 'number' || end < begin) {
    const found = Array.isArray(offsets) ? `[${offsets.slice(0, 4).map(shown).join(', ')}]` : shown(offsets);
    throw new SafetensorsError('E_OFFSETS', `readSafetensors: expected data_offsets [begin, end] of ${quoted(name)} with begin <= end but found ${found}.`);
  }
  return { dtype, shape: shape as number[], begin, end };
}

/** Sorted by place in the file and checked to cover it from the first byte on, without overlap and without a hole. */
function contiguous(tensors: [string, TensorInfo][]): { tensors: Map<string, TensorInfo>; dataBytes: number } {
  tensors.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let next = 0;
  for (const [name, { dtype, shape, begin, end }] of tensors) {
    if (begin !== next) {
      const what = begin < next ? 'an overlap' : 'a hole';
      throw new SafetensorsError('E_OFFSETS', `readSafetensors: expected ${quoted(name)} to begin at byte ${next} but found ${begin}, ${what}. The file is damaged or hostile.`);
    }
    const bytes = tensorBytes(dtype, shape, { name });
    if (end - begin !== bytes) {
      throw new SafetensorsError('E_TENSOR_SIZE', `readSafetensors: expected ${bytes} bytes for ${quoted(name)} (${dtype}, [${shape.join(', ')}]) but found ${end - begin}.`);
    }
    next = end;
  }
  return { tensors: new Map(tensors), dataBytes: next };
}

/**
 * Reads and checks the header alone: `bytes` must reach to the header's end, `fileBytes` is the size of the whole file.
 *
 * A reader that fetches by range takes the first 8 bytes, asks `headerLength`, fetches that much, and calls this.
 *
 * @throws SafetensorsError with the code of the first rule broken.
 */
export function parseHeader(bytes: Uint8Array, { fileBytes = bytes.length }: { fileBytes?: number } = {}): SafetensorsHeader {
  const length = headerLength(bytes, { fileBytes });
  const dataStart = 8 + length;
  if (bytes.length < dataStart) {
    throw new SafetensorsError('E_HEADER_LENGTH', `parseHeader: expected the first ${dataStart} bytes of the file but found ${bytes.length}.`);
  }
  const root = jsonOf(bytes.subarray(8, dataStart)) as Map<string, JsonValue>;
  let metadata = new Map<string, string>();
  const infos: [string, TensorInfo][] = [];
  for (const [name, value] of root) {
    if (name === '__metadata__') {
      metadata = metadataOf(value);
      continue;
    }
    checkTensorName(name);
    infos.push([name, infoOf(name, value)]);
  }
  const { tensors, dataBytes } = contiguous(infos);
  if (dataStart + dataBytes !== fileBytes) {
    throw new SafetensorsError('E_INCOMPLETE', `readSafetensors: expected a file of ${dataStart + dataBytes} bytes but found ${fileBytes}. ${fileBytes < dataStart + dataBytes ? 'Download the file again' : 'Bytes after the last tensor are not allowed'}.`);
  }
  return { tensors, metadata, dataStart, dataBytes };
}

/** Tensor names become paths of a tree of plain objects, so a name that would reach a prototype is refused. */
export function checkTensorName(name: string): void {
  if (name.includes('__proto__') && name.split('.').includes('__proto__')) {
    throw new SafetensorsError('E_NAME', `readSafetensors: expected a tensor name but found ${quoted(name)}, which would reach an object's prototype.`);
  }
}
