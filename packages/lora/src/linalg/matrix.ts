/** A matrix on the host, row after row. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float64Array;
}

/** The same numbers with rows and columns exchanged. */
export function transposed({ rows, cols, values }: Matrix): Matrix {
  const turned = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) turned[j * rows + i] = values[i * cols + j]!;
  return { rows: cols, cols: rows, values: turned };
}

/** a · b. */
export function times(a: Matrix, b: Matrix): Matrix {
  const values = new Float64Array(a.rows * b.cols);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.cols; k++) {
      const factor = a.values[i * a.cols + k]!;
      if (factor === 0) continue;
      for (let j = 0, to = i * b.cols, from = k * b.cols; j < b.cols; j++) values[to + j]! += factor * b.values[from + j]!;
    }
  }
  return { rows: a.rows, cols: b.cols, values };
}

/** The first `count` columns. */
export function columns({ rows, cols, values }: Matrix, count: number): Matrix {
  const kept = new Float64Array(rows * count);
  for (let i = 0; i < rows; i++) kept.set(values.subarray(i * cols, i * cols + count), i * count);
  return { rows, cols: count, values: kept };
}
