// Strips of 16 rows become 16 columns by 4×4 blocks: every line of y is written whole, every line of x stays in cache for four
// blocks. Words move as bits.

const STRIP: i32 = 16;

// @ts-ignore: decorator
@inline
function block(from: usize, row: usize, to: usize, column: usize): void {
  const a = v128.load(from), b = v128.load(from + row), c = v128.load(from + row * 2), d = v128.load(from + row * 3);
  const ab0 = i32x4.shuffle(a, b, 0, 4, 1, 5), ab1 = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cd0 = i32x4.shuffle(c, d, 0, 4, 1, 5), cd1 = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(ab0, cd0, 0, 2));
  v128.store(to + column, i64x2.shuffle(ab0, cd0, 1, 3));
  v128.store(to + column * 2, i64x2.shuffle(ab1, cd1, 0, 2));
  v128.store(to + column * 3, i64x2.shuffle(ab1, cd1, 1, 3));
}

// @ts-ignore: decorator
@inline
function ragged(from: usize, row: usize, to: usize, column: usize, height: i32, width: i32): void {
  for (let c = 0; c < width; c++) {
    for (let r = 0; r < height; r++) {
      store<i32>(to + <usize>c * column + (<usize>r << 2), load<i32>(from + <usize>r * row + (<usize>c << 2)));
    }
  }
}

/**
 * Tasks [begin, end): task ((p · size1 + q) · blocks + b) · strips + s turns columns [b · blockWidth, …) of strip s of plane (p, q):
 * neighbours in the order of tasks go on writing the same few rows of y. A plane is [height, width] in x with rows `row` words
 * apart and [width, height] in y with rows `column` words apart; planes are in0, in1 words apart in x and out0, out1 in y.
 */
export function transposePlanes(
  begin: i32, end: i32, x: usize, y: usize, height: i32, width: i32, row: i32, column: i32,
  size1: i32, in0: i32, in1: i32, out0: i32, out1: i32, strips: i32, blocks: i32, blockWidth: i32,
): void {
  const rowBytes = <usize>row << 2, columnBytes = <usize>column << 2;
  for (let task = begin; task < end; task++) {
    const index = task / strips, plane = index / blocks, p = plane / size1, q = plane - p * size1;
    const r0 = (task - index * strips) * STRIP, c0 = (index - plane * blocks) * blockWidth;
    const rows = min(STRIP, height - r0), c1 = min(width, c0 + blockWidth);
    const from = x + ((<usize>p * in0 + <usize>q * in1 + <usize>r0 * row) << 2);
    const to = y + ((<usize>p * out0 + <usize>q * out1 + <usize>r0) << 2);
    const whole = rows & ~3;
    let c = c0;
    for (; c + 4 <= c1; c += 4) {
      const source = from + (<usize>c << 2), target = to + <usize>c * columnBytes;
      if (rows == STRIP) {
        block(source, rowBytes, target, columnBytes);
        block(source + rowBytes * 4, rowBytes, target + 16, columnBytes);
        block(source + rowBytes * 8, rowBytes, target + 32, columnBytes);
        block(source + rowBytes * 12, rowBytes, target + 48, columnBytes);
      } else {
        for (let r = 0; r < whole; r += 4) block(source + <usize>r * rowBytes, rowBytes, target + (<usize>r << 2), columnBytes);
        ragged(source + <usize>whole * rowBytes, rowBytes, target + (<usize>whole << 2), columnBytes, rows - whole, 4);
      }
    }
    ragged(from + (<usize>c << 2), rowBytes, to + <usize>c * columnBytes, columnBytes, rows, c1 - c);
  }
}
