import { quoted, SafetensorsError } from './errors.ts';

/** Bits of one element. The order is the format's own, by increasing alignment: writers store tensors in its reverse. */
const BITS = {
  BOOL: 8, F4: 4, F6_E2M3: 6, F6_E3M2: 6, U8: 8, I8: 8,
  F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8,
  I16: 16, U16: 16, F16: 16, BF16: 16,
  I32: 32, U32: 32, F32: 32, C64: 64, F64: 64, I64: 64, U64: 64,
} as const;

/** The element types a safetensors file can hold. */
export type Dtype = keyof typeof BITS;

/** All element types, by increasing alignment. */
export const DTYPES: readonly Dtype[] = Object.freeze(Object.keys(BITS) as Dtype[]);

const RANK: ReadonlyMap<string, number> = new Map(DTYPES.map((dtype, rank) => [dtype, rank]));

/** Whether the format knows a dtype of this name. */
export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && RANK.has(name);
}

/** The place of a dtype in the order of increasing alignment. */
export function dtypeRank(dtype: Dtype): number {
  return RANK.get(dtype)!;
}

/**
 * The bytes that a tensor takes, by multiplication that notices when it leaves the exact integers.
 *
 *   bytes = bits(dtype) · ∏ shape / 8
 *
 * @throws SafetensorsError E_SHAPE (a dimension is no whole number ≥ 0), E_OVERFLOW (beyond 2⁵³), E_MISALIGNED (a
 * sub-byte dtype that ends inside a byte).
 *
 * @example
 * ```ts
 * import { tensorBytes } from '@llm/tensor';
 * if (tensorBytes('BF16', [2, 3]) !== 12) throw new Error('2 · 2 · 3 = 12');
 * ```
 */
export function tensorBytes(dtype: Dtype, shape: readonly number[], { name = 'tensor' }: { name?: string } = {}): number {
  let bits: number = BITS[dtype];
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0 || Object.is(size, -0)) {
      throw new SafetensorsError('E_SHAPE', `tensorBytes: expected whole dimensions >= 0 but found ${size} in the shape of ${quoted(name)}.`);
    }
    if (size !== 0 && bits > Number.MAX_SAFE_INTEGER / size) {
      throw new SafetensorsError('E_OVERFLOW', `tensorBytes: expected at most 2^53 bits but found the shape [${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', …' : ''}] of ${quoted(name)}. The file is damaged or hostile.`);
    }
    bits *= size;
  }
  if (bits % 8 !== 0) {
    throw new SafetensorsError('E_MISALIGNED', `tensorBytes: expected a whole number of bytes but found ${bits} bits of ${dtype} in ${quoted(name)}. Pad the tensor to a multiple of 8 bits.`);
  }
  return bits / 8;
}
