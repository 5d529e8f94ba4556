/** One tensor of a model: its Hugging Face name, its shape, and how it begins (a number is the std of N(0, std²)). */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: 'ones' | 'zeros' | number;
}

/** The number of values in a list of parameters. */
export function sizeOf(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((size, length) => size * length, 1), 0);
}
