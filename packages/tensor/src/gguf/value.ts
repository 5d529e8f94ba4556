/** The types of single values, with their number in a file and their bytes (0: as long as the text). */
export const SCALARS = {
  u8: [0, 1], i8: [1, 1], u16: [2, 2], i16: [3, 2], u32: [4, 4], i32: [5, 4], f32: [6, 4], bool: [7, 1], string: [8, 0], u64: [10, 8], i64: [11, 8], f64: [12, 8],
} as const;

/** The number of an array among the types of values. */
export const ARRAY = 9;

export type GgufScalarType = keyof typeof SCALARS;
export type GgufNumberType = Exclude<GgufScalarType, 'string' | 'bool'>;

/**
 * A value of the metadata. Texts and truth values say their type themselves; numbers and lists have it beside them. Numbers are
 * bigints where they are beyond 2⁵³.
 */
export type GgufValue =
  | string
  | boolean
  | { readonly type: GgufNumberType; readonly value: number | bigint }
  | { readonly type: 'array'; readonly of: 'string'; readonly value: readonly string[] }
  | { readonly type: 'array'; readonly of: 'bool'; readonly value: readonly boolean[] }
  | { readonly type: 'array'; readonly of: GgufNumberType; readonly value: readonly (number | bigint)[] };

/** The metadata of a file by key, in its order. */
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

export const DEFAULT_ALIGNMENT = 32;
/** Names of tensors have at most so many bytes: llama.cpp keeps 64 with the zero at the end. */
export const MAX_NAME_BYTES = 63;
/** "GGUF" as a little-endian number. */
export const MAGIC = 0x46554747;
export const VERSION = 3;

/** The smallest multiple of `alignment` from `size` on. */
export function aligned(size: number, alignment: number): number {
  return Math.ceil(size / alignment) * alignment;
}
