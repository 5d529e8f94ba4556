/** The values of a tensor [a, b, c, d] as [a, c, b, d]: where one side keeps heads before positions and the other after. */
export function swapMiddle({ shape: [a = 0, b = 0, c = 0, d = 0], values }: { readonly shape: readonly number[]; readonly values: Float32Array | Int32Array }): Float32Array {
  const swapped = new Float32Array(values.length);
  for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) for (let l = 0; l < c; l++) {
    swapped.set(values.subarray(((i * b + j) * c + l) * d, ((i * b + j) * c + l + 1) * d), ((i * c + l) * b + j) * d);
  }
  return swapped;
}
