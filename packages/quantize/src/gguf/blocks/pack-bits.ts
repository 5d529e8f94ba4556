/** Whole numbers for the scales and lower ends of sub-blocks. */
export interface ScaleCodes { readonly scaleCodes: Uint8Array; readonly minCodes: Uint8Array }

/** Eight scales and eight lower ends of six bits in twelve bytes. */
export function packSixBits({ scaleCodes, minCodes }: ScaleCodes, out: Uint8Array, at: number): void {
  for (let j = 0; j < 4; j++) {
    out[at + j] = scaleCodes[j]! | (scaleCodes[j + 4]! >>> 4 << 6);
    out[at + 4 + j] = minCodes[j]! | (minCodes[j + 4]! >>> 4 << 6);
    out[at + 8 + j] = (scaleCodes[j + 4]! & 15) | (minCodes[j + 4]! << 4);
  }
}

/** Reads what `packSixBits` wrote. */
export function unpackSixBits(blocks: Uint8Array, at: number, { scaleCodes, minCodes }: ScaleCodes): void {
  for (let j = 0; j < 4; j++) {
    scaleCodes[j] = blocks[at + j]! & 63;
    minCodes[j] = blocks[at + 4 + j]! & 63;
    scaleCodes[j + 4] = (blocks[at + 8 + j]! & 15) | (blocks[at + j]! >>> 6 << 4);
    minCodes[j + 4] = (blocks[at + 8 + j]! >>> 4) | (blocks[at + 4 + j]! >>> 6 << 4);
  }
}

/** Four codes of two bits a byte: value i of each 128, and those 32, 64 and 96 after it. */
export function packTwoBits(codes: Uint8Array, out: Uint8Array, at: number): void {
  for (let j = 0; j < 64; j++) {
    const i = j < 32 ? j : j + 96;
    out[at + j] = (codes[i]! & 3) | (codes[i + 32]! & 3) << 2 | (codes[i + 64]! & 3) << 4 | (codes[i + 96]! & 3) << 6;
  }
}

/** Reads what `packTwoBits` wrote. */
export function unpackTwoBits(blocks: Uint8Array, at: number, codes: Uint8Array): void {
  for (let j = 0; j < 64; j++) {
    const i = j < 32 ? j : j + 96;
    for (let k = 0; k < 4; k++) codes[i + 32 * k] = (blocks[at + j]! >>> (2 * k)) & 3;
  }
}
