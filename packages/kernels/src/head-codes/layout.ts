/** Values of a head that share a scale: 32 where they divide its width, else the head. */
export function headBlock(width: number): number {
  return width % 32 === 0 ? 32 : width;
}

/**
 * Words of 32 bits that hold the keys or values of a head in `bits` bits: codes, then scales.
 *
 * @throws RangeError for widths whose codes do not fill whole words.
 */
export function headWords(width: number, bits: number): number {
  if ((width * bits) % 32 !== 0 || width === 0) {
    throw new RangeError(`headWords: expected heads whose width is a multiple of ${32 / bits}, for ${bits} bits, but found ${width}. Keep keys and values in float32.`);
  }
  return (width * bits) / 32 + width / headBlock(width);
}
