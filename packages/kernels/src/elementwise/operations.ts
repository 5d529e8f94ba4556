/** The operations of `binary`, by the code its uniform takes. */
export const BINARY_OPERATIONS = { add: 0, sub: 1, mul: 2, div: 3, maximum: 4, minimum: 5 } as const;

export type BinaryOperation = keyof typeof BINARY_OPERATIONS;

/** How an operand of `binary` meets [rows, cols]: as it is, as [cols] in each row, as [rows, 1] in each column, or as one number. */
export const BROADCASTS = { none: 0, row: 1, column: 2, scalar: 3 } as const;

export type Broadcast = keyof typeof BROADCASTS;

/** The operations of `unary`, by the code its uniform takes; `affine` and `step` also read the uniforms a and b. */
export const UNARY_OPERATIONS = {
  neg: 0, square: 1, sqrt: 2, rsqrt: 3, exp: 4, log: 5, abs: 6, tanh: 7, sigmoid: 8, reciprocal: 9, step: 10, relu: 11, affine: 12,
} as const;

export type UnaryOperation = keyof typeof UNARY_OPERATIONS;
