/** A matrix on the host, row after row. */
export interface Matrix<Values extends Float32Array | Float64Array = Float32Array | Float64Array> {
  readonly rows: number;
  readonly cols: number;
  readonly values: Values;
}

/** The same numbers with rows and columns exchanged. */
export function transposed<Values extends Float32Array | Float64Array>({ rows, cols, values }: Matrix<Values>): Matrix<Values> {
  const turned = new (values.constructor as new (length: number) => Values)(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) turned[j * rows + i] = values[i * cols + j]!;
  return { rows: cols, cols: rows, values: turned };
}
