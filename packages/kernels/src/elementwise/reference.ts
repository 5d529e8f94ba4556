import type { Sizes } from '../kernel.ts';
import { BINARY_OPERATIONS, BROADCASTS, UNARY_OPERATIONS } from './operations.ts';

/** The numbers that an operand with this broadcast code holds. */
export function operandSize(broadcast: number, { rows = 0, cols = 0 }: Sizes): number {
  switch (broadcast) {
    case BROADCASTS.row: return cols;
    case BROADCASTS.column: return rows;
    case BROADCASTS.scalar: return 1;
    default: return rows * cols;
  }
}

function operandIndex(broadcast: number, { row, col, cols }: { row: number; col: number; cols: number }): number {
  switch (broadcast) {
    case BROADCASTS.row: return col;
    case BROADCASTS.column: return row;
    case BROADCASTS.scalar: return 0;
    default: return row * cols + col;
  }
}

function combine(a: number, b: number, { op }: { op: number }): number {
  switch (op) {
    case BINARY_OPERATIONS.add: return a + b;
    case BINARY_OPERATIONS.sub: return a - b;
    case BINARY_OPERATIONS.mul: return a * b;
    case BINARY_OPERATIONS.div: return a / b;
    case BINARY_OPERATIONS.maximum: return Math.max(a, b);
    default: return Math.min(a, b);
  }
}

/** y[r, c] = a[r, c] op b[r, c], either operand broadcast. */
export function binaryReference(
  { a, b, y }: { readonly a: Float64Array; readonly b: Float64Array; readonly y: Float64Array },
  { rows = 0, cols = 0 }: Sizes,
  { op, broadcastA, broadcastB }: { readonly op: number; readonly broadcastA: number; readonly broadcastB: number },
): void {
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const left = a[operandIndex(broadcastA, { row, col, cols })]!;
      const right = b[operandIndex(broadcastB, { row, col, cols })]!;
      y[row * cols + col] = combine(left, right, { op });
    }
  }
}

/** f(x) of the unary operation with this code, in f64. */
export function unaryValue(x: number, { op, a, b }: { readonly op: number; readonly a: number; readonly b: number }): number {
  switch (op) {
    case UNARY_OPERATIONS.neg: return -x;
    case UNARY_OPERATIONS.square: return x * x;
    case UNARY_OPERATIONS.sqrt: return Math.sqrt(x);
    case UNARY_OPERATIONS.rsqrt: return 1 / Math.sqrt(x);
    case UNARY_OPERATIONS.exp: return Math.exp(x);
    case UNARY_OPERATIONS.log: return Math.log(x);
    case UNARY_OPERATIONS.abs: return Math.abs(x);
    case UNARY_OPERATIONS.tanh: return Math.tanh(x);
    case UNARY_OPERATIONS.sigmoid: return 1 / (1 + Math.exp(-x));
    case UNARY_OPERATIONS.reciprocal: return 1 / x;
    case UNARY_OPERATIONS.step: return x > 0 ? 1 : Number.isNaN(x) ? x : b;
    case UNARY_OPERATIONS.relu: return Math.max(0, x);
    default: return a * x + b;
  }
}

/** y = f(x), element by element. */
export function unaryReference(
  { x, y }: { readonly x: Float64Array; readonly y: Float64Array },
  { size = 0 }: Sizes,
  uniforms: { readonly op: number; readonly a: number; readonly b: number },
): void {
  for (let i = 0; i < size; i++) y[i] = unaryValue(x[i]!, uniforms);
}

/** y = x without its fraction, held to the range of 32-bit integers; NaN becomes 0. */
export function castToInt32Reference({ x, y }: { readonly x: Float64Array; readonly y: Float64Array }, { size = 0 }: Sizes): void {
  for (let i = 0; i < size; i++) {
    const whole = Math.trunc(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, x[i]!)));
    y[i] = Number.isNaN(whole) ? 0 : whole + 0;
  }
}

/** y = x rounded to the nearest float. */
export function castToFloat32Reference({ x, y }: { readonly x: Float64Array; readonly y: Float64Array }, { size = 0 }: Sizes): void {
  for (let i = 0; i < size; i++) y[i] = Math.fround(x[i]!);
}
