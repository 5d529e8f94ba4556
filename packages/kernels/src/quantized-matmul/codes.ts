import type { Sizes } from '../kernel.ts';

/** Codes in words of 32 bits, and a scale, maybe an offset, for each block of them. */
export const portsOfCodes = {
  codes: { dims: ['words'], dtype: 'int32' }, scale: { dims: ['blocks'] }, offset: { dims: ['blocks'], optional: true },
} as const;

/** How many words and blocks hold so many values; the last block may be longer than they reach. */
export function sizesOfCodes(count: number, { bits, blockSize }: { readonly bits: number; readonly blockSize: number }): Sizes {
  const blocks = Math.ceil(count / blockSize);
  return { blocks, words: (blocks * blockSize * bits) / 32 };
}

/** Values of x that share a scale: as many as one block of weights surely holds whole numbers of. */
export function unitOf({ bits, blockSize }: { readonly bits: number; readonly blockSize: number }): number {
  return bits === 8 && blockSize % 32 !== 0 ? 16 : 32;
}

/** Whether products can be made of the codes of such weights: whole blocks fill the rows, and whole units the blocks. */
export function canMultiplyCodes({ k, bits, blockSize }: { readonly k: number; readonly bits: number; readonly blockSize: number }): boolean {
  return k % blockSize === 0 && blockSize % unitOf({ bits, blockSize }) === 0;
}
