/** Rows [begin, end) of y: the quantized table's rows by id as floats, NaN where there is none. Blocks may reach across rows. */
export function quantizedRows(
  begin: i32, end: i32, codes: usize, scales: usize, offsets: usize, ids: usize, y: usize, rows: i32, width: i32, blockSize: i32, bits: i32, zero: i32,
): void {
  for (let r = begin; r < end; r++) {
    const id = load<i32>(ids + (<usize>r << 2));
    let to = y + (<usize>r * width << 2);
    if (<u32>id >= <u32>rows) {
      for (let i = 0; i < width; i++, to += 4) store<f32>(to, NaN);
      continue;
    }
    const first = <u64>id * width;
    let block = <usize>(first / blockSize), left = blockSize - <i32>(first % blockSize);
    for (let i: u64 = first; i < first + width; i++, to += 4) {
      const code = bits == 8 ? <i32>load<i8>(codes + <usize>i) : <i32>((load<u8>(codes + <usize>(i >> 1)) >> (<u8>(i & 1) << 2)) & 15);
      const value = <f32>(code - zero) * load<f32>(scales + (block << 2));
      store<f32>(to, offsets ? value - load<f32>(offsets + (block << 2)) : value);
      if (--left == 0) { left = blockSize; block++; }
    }
  }
}
