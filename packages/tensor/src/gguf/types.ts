import { quoted } from '../safetensors/errors.ts';
import { GgufError } from './errors.ts';

/** The types of elements: their id in a file, how many make a block, and the bytes of a block. */
const TYPES = {
  F32: [0, 1, 4], F16: [1, 1, 2], Q4_0: [2, 32, 18], Q4_1: [3, 32, 20], Q5_0: [6, 32, 22], Q5_1: [7, 32, 24], Q8_0: [8, 32, 34], Q8_1: [9, 32, 36],
  Q2_K: [10, 256, 84], Q3_K: [11, 256, 110], Q4_K: [12, 256, 144], Q5_K: [13, 256, 176], Q6_K: [14, 256, 210], Q8_K: [15, 256, 292],
  IQ2_XXS: [16, 256, 66], IQ2_XS: [17, 256, 74], IQ3_XXS: [18, 256, 98], IQ1_S: [19, 256, 50], IQ4_NL: [20, 32, 18], IQ3_S: [21, 256, 110],
  IQ2_S: [22, 256, 82], IQ4_XS: [23, 256, 136], I8: [24, 1, 1], I16: [25, 1, 2], I32: [26, 1, 4], I64: [27, 1, 8], F64: [28, 1, 8],
  IQ1_M: [29, 256, 56], BF16: [30, 1, 2], TQ1_0: [34, 256, 54], TQ2_0: [35, 256, 66], MXFP4: [39, 32, 17],
} as const;

/** The element types of GGUF that have a size here. */
export type GgufType = keyof typeof TYPES;

/** How elements of a type are stored: `blockSize` of them in `blockBytes` bytes, under the number `id`. */
export interface GgufTypeInfo { readonly id: number; readonly blockSize: number; readonly blockBytes: number }

/** All types by name. */
export const GGUF_TYPES: Readonly<Record<GgufType, GgufTypeInfo>> = Object.freeze(Object.fromEntries(
  Object.entries(TYPES).map(([name, [id, blockSize, blockBytes]]) => [name, { id, blockSize, blockBytes }]),
) as Record<GgufType, GgufTypeInfo>);

const BY_ID: ReadonlyMap<number, GgufType> = new Map(Object.entries(TYPES).map(([name, [id]]) => [id, name as GgufType]));

/** The type of an id, or undefined. */
export function typeOfId(id: number): GgufType | undefined {
  return BY_ID.get(id);
}

/** Whether GGUF has a type of this name. */
export function isGgufType(name: unknown): name is GgufType {
  return typeof name === 'string' && Object.hasOwn(TYPES, name);
}

/**
 * The bytes that a tensor takes; blocks lie within its rows, so the last size must be a multiple of the block.
 *
 *   bytes = (∏ shape / blockSize) · blockBytes
 *
 * @throws GgufError E_TYPE, E_SHAPE (a size is no whole number ≥ 0), E_BLOCK (rows do not divide into blocks), E_OVERFLOW (beyond 2⁵³).
 *
 * @example
 * ```ts
 * import { ggufBytes } from '@llm/tensor';
 * if (ggufBytes('Q4_K', [3, 512]) !== 3 * 2 * 144) throw new Error('two blocks a row');
 * ```
 */
export function ggufBytes(type: GgufType, shape: readonly number[], { name = 'tensor' }: { name?: string } = {}): number {
  if (!isGgufType(type)) throw new GgufError('E_TYPE', `ggufBytes: expected a type of GGUF but found ${quoted(String(type))}.`);
  const { blockSize, blockBytes } = GGUF_TYPES[type];
  let elements = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) throw new GgufError('E_SHAPE', `ggufBytes: expected whole sizes >= 0 but found ${size} in the shape of ${quoted(name)}.`);
    // Eight bytes an element at most.
    if (size !== 0 && elements > Number.MAX_SAFE_INTEGER / 8 / size) throw new GgufError('E_OVERFLOW', `ggufBytes: expected at most 2^53 bytes but found the shape [${shape.join(', ')}] of ${quoted(name)}. The file is damaged or hostile.`);
    elements *= size;
  }
  if ((shape.at(-1) ?? 1) % blockSize !== 0) {
    throw new GgufError('E_BLOCK', `ggufBytes: expected rows of a multiple of ${blockSize} values for ${type} but found ${shape.at(-1) ?? 1} in ${quoted(name)}. Store it as F16, or as a type with smaller blocks.`);
  }
  return (elements / blockSize) * blockBytes;
}
