/** Rows [begin, end) of source [batch · count, width] go to target [batch, capacity, width] from position `offsets[batch]` on; those outside are left out. */
export function writeRows(begin: i32, end: i32, source: usize, offsets: usize, target: usize, count: i32, capacity: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (let row = begin; row < end; row++) {
    const b = row / count, at = load<i32>(offsets + (<usize>b << 2)) + row - b * count;
    if (<u32>at < <u32>capacity) memory.copy(target + <usize>(b * capacity + at) * bytes, source + <usize>row * bytes, bytes);
  }
}
