/**
 * Rows of codes as words without a gap: code i of a row begins at bit i · bits, the first in the lowest bits of the first word.
 * [rows, cols] → [rows, ⌈cols · bits / 32⌉].
 */
export function packBits(codes: ArrayLike<number>, { rows, cols, bits }: { rows: number; cols: number; bits: number }): Int32Array {
  const width = Math.ceil((cols * bits) / 32);
  const words = new Int32Array(rows * width);
  const mask = 2 ** bits - 1;
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < cols; i++) {
      const code = codes[r * cols + i]! & mask;
      const [word, bit] = [r * width + ((i * bits) >> 5), (i * bits) & 31];
      words[word]! |= code << bit;
      if (bit + bits > 32) words[word + 1]! |= code >>> (32 - bit);
    }
  }
  return words;
}

/** The codes that `packBits` packed. */
export function unpackBits(words: Int32Array, { rows, cols, bits }: { rows: number; cols: number; bits: number }): Uint8Array {
  const width = Math.ceil((cols * bits) / 32);
  if (words.length !== rows * width) throw new RangeError(`unpackBits: expected ${rows} · ${width} words for [${rows}, ${cols}] of ${bits} bits but found ${words.length}. The file is damaged, or its configuration belongs to another.`);
  const mask = 2 ** bits - 1;
  const codes = new Uint8Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < cols; i++) {
      const [word, bit] = [r * width + ((i * bits) >> 5), (i * bits) & 31];
      const high = bit + bits > 32 ? words[word + 1]! << (32 - bit) : 0;
      codes[r * cols + i] = ((words[word]! >>> bit) | high) & mask;
    }
  }
  return codes;
}

/** [rows, cols] → [cols, rows]. */
export function turned<T extends Int32Array | Uint8Array | Float32Array>(values: T, rows: number, cols: number): T {
  const made = new (values.constructor as new (length: number) => T)(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) made[j * rows + i] = values[i * cols + j]!;
  return made;
}
