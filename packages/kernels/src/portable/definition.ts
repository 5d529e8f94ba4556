import type { Port, Ports, Sizes } from '../kernel.ts';
import type { Parameter } from './statements.ts';

/** A function of numbers, or its source. */
export type PortableFunction = ((...values: number[]) => number) | string;

/** A portable kernel as its compilers and launchers see it. */
export interface Definition {
  readonly name: string;
  readonly inputs: readonly Element[];
  /** The outputs, all of the same sizes, each with the function that makes one element of it. */
  readonly outputs: readonly { readonly name: string; readonly fn: PortableFunction }[];
  readonly dims: readonly string[];
  readonly uniforms: readonly string[];
  /** Whether the functions take the place of the element, counted through all sizes, as their last parameter. */
  readonly index: boolean;
}

/** An input and which element of it belongs to an element of the output: (i / divisor) mod size. */
interface Element {
  readonly name: string;
  readonly whole: boolean;
  /** The input has the output's sizes from here on to `to`; the others repeat it. */
  readonly from: number;
  readonly to: number;
  readonly isInt: boolean;
}

/** Finds the places of the inputs' sizes among those of the output. */
export function elementsOf(name: string, inputs: Ports, dims: readonly string[]): Element[] {
  return Object.entries(inputs).map(([input, port]: [string, Port]) => {
    const from = dims.findIndex((_, at) => port.dims.every((dim, i) => dims[at + i] === dim));
    if (from < 0 || port.dims.length === 0) {
      throw new RangeError(`${name}: expected the sizes of ${input} to stand together in those of the output, [${dims.join(', ')}], but found [${port.dims.join(', ')}]. Give a single number as a uniform.`);
    }
    return { name: input, whole: port.dims.length === dims.length, from, to: from + port.dims.length, isInt: port.dtype === 'int32' };
  });
}

const product = (names: readonly string[], sizes: Sizes): number => names.reduce((total, dim) => total * (sizes[dim] ?? 0), 1);

/** How many elements the output has. */
export const countOf = ({ dims }: Definition, sizes: Sizes): number => product(dims, sizes);

/** The divisor and the size that find an input's element. */
export const repeatOf = ({ dims }: Definition, { from, to }: Element, sizes: Sizes): { divisor: number; size: number } => (
  { divisor: Math.max(1, product(dims.slice(to), sizes)), size: Math.max(1, product(dims.slice(from, to), sizes)) });

/** The parameters of the functions, in order: inputs, uniforms, index. `read` says what stands for each. */
export function parametersOf({ inputs, uniforms, index }: Definition, read: {
  input(place: number): Parameter['read'];
  uniform(place: number): Parameter['read'];
  index: Parameter['read'];
}): Parameter[] {
  return [
    ...inputs.map(({ isInt }, i): Parameter => ({ kind: isInt ? 'int' : 'float', read: read.input(i) })),
    ...uniforms.map((_, i): Parameter => ({ kind: 'uniform', read: read.uniform(i) })),
    ...(index ? [{ kind: 'index', read: read.index } as const] : []),
  ];
}
