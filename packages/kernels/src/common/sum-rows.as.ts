/** out[c] = Σ_r x[r, c] over a fixed order of rows; the range is over columns in fours. */
export function sumRows(begin: i32, end: i32, x: usize, out: usize, rows: i32, cols: i32): void {
  for (let block = begin; block < end; block++) {
    const c = block << 2;
    if (c + 4 <= cols) {
      let total = f32x4.splat(0);
      for (let r = 0; r < rows; r++) total = f32x4.add(total, v128.load(x + ((<usize>r * cols + c) << 2)));
      v128.store(out + (<usize>c << 2), total);
    } else {
      for (let j = c; j < cols; j++) {
        let total: f32 = 0;
        for (let r = 0; r < rows; r++) total += load<f32>(x + ((<usize>r * cols + j) << 2));
        store<f32>(out + (<usize>j << 2), total);
      }
    }
  }
}
