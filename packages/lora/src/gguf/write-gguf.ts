import { fromFloat32 } from '@llm/tensor';

/** A value of the metadata: a text, a whole number, or a float with its type said. */
export type GgufValue = string | { readonly type: 'u32' | 'f32' | 'bool'; readonly value: number };

/** A tensor as it is stored: the first size is the outermost, as elsewhere; GGUF writes them the other way round. */
export interface GgufTensor {
  readonly shape: readonly number[];
  readonly dtype: 'F32' | 'F16';
  readonly values: Float32Array;
}

const ALIGNMENT = 32;
const TENSOR_TYPES = { F32: 0, F16: 1 } as const;
const VALUE_TYPES = { u32: 4, f32: 6, bool: 7, string: 8 } as const;

/** Grows as it is written to; numbers are little-endian. */
function writer(): { text(text: string): void; u32(value: number): void; u64(value: number): void; f32(value: number): void; u8(value: number): void; bytes(): Uint8Array } {
  const parts: Uint8Array[] = [];
  const put = (size: number, set: (view: DataView) => void): void => {
    const bytes = new Uint8Array(size);
    set(new DataView(bytes.buffer));
    parts.push(bytes);
  };
  const u64 = (value: number): void => put(8, (view) => view.setBigUint64(0, BigInt(value), true));
  return {
    text(text) {
      const bytes = new TextEncoder().encode(text);
      u64(bytes.length);
      parts.push(bytes);
    },
    u8: (value) => put(1, (view) => view.setUint8(0, value)),
    u32: (value) => put(4, (view) => view.setUint32(0, value, true)),
    f32: (value) => put(4, (view) => view.setFloat32(0, value, true)),
    u64,
    bytes() {
      const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const part of parts) {
        whole.set(part, at);
        at += part.length;
      }
      return whole;
    },
  };
}

const aligned = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

/**
 * A GGUF file, version 3: metadata, the list of tensors, and their values from the next multiple of 32 bytes on.
 *
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function writeGguf(metadata: Readonly<Record<string, GgufValue>>, tensors: Readonly<Record<string, GgufTensor>>): Uint8Array {
  const head = writer();
  const entries = Object.entries(tensors);
  head.u32(0x46554747); // GGUF
  head.u32(3);
  head.u64(entries.length);
  head.u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    head.text(key);
    head.u32(typeof value === 'string' ? VALUE_TYPES.string : VALUE_TYPES[value.type]);
    if (typeof value === 'string') head.text(value);
    else if (value.type === 'f32') head.f32(value.value);
    else if (value.type === 'bool') head.u8(value.value);
    else head.u32(value.value);
  }
  const data = entries.map(([, { dtype, shape, values }]) => fromFloat32(values, dtype, { shape }).data);
  let offset = 0;
  for (const [i, [name, { shape, dtype }]] of entries.entries()) {
    head.text(name);
    head.u32(shape.length);
    for (const size of [...shape].reverse()) head.u64(size);
    head.u32(TENSOR_TYPES[dtype]);
    head.u64(offset);
    offset += aligned(data[i]!.byteLength);
  }
  const header = head.bytes();
  const file = new Uint8Array(aligned(header.length) + offset);
  file.set(header);
  let at = aligned(header.length);
  for (const bytes of data) {
    file.set(bytes, at);
    at += aligned(bytes.byteLength);
  }
  return file;
}
