interface Halves { readonly packed: Float64Array; readonly y: Float64Array }

function each({ packed, y }: Halves, value: (half: number) => number): void {
  for (let i = 0; i < y.length; i++) y[i] = value((packed[i >> 1]! >>> (16 * (i & 1))) & 0xffff);
}

/** y = (−1)^sign · (1 + fraction / 1024) · 2^(exponent − 15), or fraction · 2^−24 where the exponent is 0. */
export function dequantizeF16Reference(io: Halves): void {
  each(io, (half) => {
    const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >> 10) & 31, half & 1023];
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  });
}

/** y is the float whose upper 16 bits these are, the lower ones 0. */
export function dequantizeBf16Reference(io: Halves): void {
  const word = new DataView(new ArrayBuffer(4));
  each(io, (half) => {
    word.setUint32(0, half << 16);
    return word.getFloat32(0);
  });
}
