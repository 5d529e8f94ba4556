import type { GpuProgram } from '../gpu/program.ts';
import { type Kernel, defineKernel, type Ports, type Sizes } from '../kernel.ts';
import { countOf, type Definition, elementsOf, type PortableFunction, repeatOf } from './definition.ts';
import { launchWasm } from './launch-wasm.ts';
import { launchProgram, programOf } from './launch-wgsl.ts';
import { functionOf } from './read-source.ts';

/** What gpu.js made of a portable kernel: plain data, which can be kept in a file and given back as `compiled`. */
export interface CompiledPortable {
  /** The program in WGSL. */
  readonly wgsl: string;
  /** The WebAssembly module in base64. */
  readonly wasm: string;
}

export interface PortableOptions {
  /** Inputs in the order of the function's parameters; default `{ x: { dims: ['count'] } }`. */
  readonly inputs?: Ports;
  /** The one output; default `{ y: … }` with the sizes of the first input. */
  readonly output?: Ports;
  /** Scalars with their defaults: the parameters that follow the inputs. */
  readonly uniforms?: Readonly<Record<string, number>>;
  /** Whether the last parameter is the place of the element in the output, counted through all sizes. */
  readonly index?: boolean;
  /** Sizes of the output that no input has. */
  readonly sizes?: Sizes;
  readonly paper?: string;
  /** What preparePortable returned before; without it, preparePortable must be called before the first launch. */
  readonly compiled?: CompiledPortable | undefined;
}

interface State {
  readonly definition: Definition;
  readonly options: PortableOptions & { readonly inputs: Ports };
  compiled: CompiledPortable | undefined;
  program: GpuProgram | undefined;
}

const states = new WeakMap<Kernel, State>();

function compiledOf({ definition: { name }, compiled }: State): CompiledPortable {
  if (compiled !== undefined) return compiled;
  throw new Error(`${name}: expected a portable kernel that is compiled but found one that is not. Call await preparePortable(kernel) before its first launch; kernels of this package are compiled by its build.`);
}

function kernelOf(definition: Definition, options: State['options'], outputs: Ports): Kernel {
  const { name, inputs, index } = definition;
  const { uniforms = {}, sizes, paper } = options;
  const functions = definition.outputs.map(({ fn }) => fn);
  let callable: ((...values: number[]) => number)[] | undefined;
  const state: State = { definition, options, compiled: options.compiled, program: undefined };
  const kernel = defineKernel<Ports, Ports, Readonly<Record<string, number>>>({
    name, inputs: options.inputs, outputs, uniforms,
    ...(paper === undefined ? {} : { paper }),
    ...(sizes === undefined ? {} : { derive: () => sizes }),
    reference(io, dims, scalars) {
      callable ??= functions.map((fn) => functionOf(fn, name));
      const count = countOf(definition, dims);
      const values = Object.keys(uniforms).map((each) => scalars[each]!);
      const reads = inputs.map((input) => ({ from: io[input.name]!, ...repeatOf(definition, input, dims) }));
      for (let i = 0; i < count; i++) {
        const given = [...reads.map(({ from, divisor, size }) => from[Math.floor(i / divisor) % size]!), ...values, ...(index ? [i] : [])];
        definition.outputs.forEach((output, o) => { io[output.name]![i] = callable![o]!(...given); });
      }
    },
    wasm(launch) {
      launchWasm(definition, compiledOf(state).wasm, launch);
    },
    webgpu(launch) {
      state.program ??= programOf(definition, compiledOf(state).wgsl);
      launchProgram(definition, state.program, launch);
    },
  });
  states.set(kernel, state);
  return kernel;
}

/**
 * A kernel from one function of numbers: y[i] = fn(x[i], …, uniforms…, i). The function is the definition in f64; gpu.js
 * makes WGSL and WebAssembly of its source, on our memory.
 *
 * An input has the sizes of the output, or some of them that stand together: then it repeats along the others. int32 inputs
 * and the index are whole numbers.
 *
 * The function may be written with: `let` and `const` of one number each, assignments (`= += -= *= /=`), `if`, `for` with whole
 * literal bounds and `break` and `continue` in it, `return` at the end of every way; the operators `+ - * / **`, comparisons,
 * `&& || !`, `? :`; `& | ^ ~ << >> >>>` on int32 inputs, the index and whole literals; the constants of Math and the functions
 * abs, sign, floor, ceil, trunc, round, fround, sqrt, cbrt, exp, expm1, log, log1p, log2, log10, sin, cos, tan, sinh, cosh, tanh, min,
 * max (of two) and pow. It sees no names from outside. Variables are 32-bit floats. Anything else is a TypeError of preparePortable
 * that names the construct, the line and the remedy.
 *
 * The function may be given as its source, for where a minifier or a coverage tool rewrites functions.
 *
 * @throws RangeError where an input's sizes do not stand together in the output's.
 * @example
 * ```ts
 * import { checkGradient, portable, portableGradient } from '@llm/kernels';
 * const softplus = portable('softplus', (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
 * const softplusBackward = portableGradient(softplus, (x, dy) => dy / (1 + Math.exp(-x)));
 * checkGradient(softplus, softplusBackward, { cases: [{ dims: { count: 7 } }], gradients: { x: 'dx' }, dy: { y: 'dy' } });
 * ```
 */
export function portable(name: string, fn: PortableFunction, options: PortableOptions = {}): Kernel {
  const { inputs = { x: { dims: ['count'] } }, uniforms = {}, index = false } = options;
  const first = Object.values(inputs)[0];
  if (first === undefined) throw new RangeError(`${name}: expected at least one input but found none. Use fill for a constant.`);
  const { output = { y: { dims: first.dims } } } = options;
  const [only, ...others] = Object.entries(output);
  if (only === undefined || others.length > 0) throw new RangeError(`${name}: expected one output but found ${Object.keys(output).length}. Write a kernel for each.`);
  const { dims } = only[1];
  const definition: Definition = {
    name, dims, index, inputs: elementsOf(name, inputs, dims), outputs: [{ name: only[0], fn }], uniforms: Object.keys(uniforms),
  };
  return kernelOf(definition, { ...options, inputs }, output);
}

/**
 * The gradient of a portable kernel as a kernel of its own: d<input> = fn(inputs…, d<output>, uniforms…, index), one function
 * for each input in their order; one alone is that of the first input, and null skips an input. An int32 input and one that
 * repeats have none: sum dy by a kernel of rows or columns.
 *
 * @throws TypeError where `kernel` is not portable; RangeError where an input with a function has no gradient.
 * @example
 * ```ts
 * import { portable, portableGradient } from '@llm/kernels';
 * const inputs = { a: { dims: ['count'] }, b: { dims: ['count'] } };
 * const product = portable('product', (a, b) => a * b, { inputs });
 * const { outputs } = portableGradient(product, [(a, b, dy) => dy * b, (a, b, dy) => dy * a]);
 * if (Object.keys(outputs).join() !== 'da,db') throw new Error('expected both gradients');
 * ```
 */
export function portableGradient(
  kernel: Kernel,
  gradients: PortableFunction | readonly (PortableFunction | null)[],
  { compiled }: Pick<PortableOptions, 'compiled'> = {},
): Kernel {
  const state = states.get(kernel);
  if (state === undefined) throw new TypeError(`portableGradient: expected a portable kernel but found ${kernel.name}. Make it with portable, or write its backward kernel by hand.`);
  const { definition, options } = state;
  const name = `${kernel.name}Backward`;
  const functions = typeof gradients === 'function' || typeof gradients === 'string' ? [gradients] : gradients;
  const outputs = functions.flatMap((fn, i) => {
    if (fn === null) return [];
    const input = definition.inputs[i];
    if (input === undefined || input.isInt || !input.whole) throw new RangeError(`${name}: expected the gradient of a float input with the sizes of the output but found ${input?.name ?? `input ${i + 1}, which is none`}. Put null in its place.`);
    return [{ name: `d${input.name}`, fn }];
  });
  const inputs: Ports = { ...options.inputs, [`d${definition.outputs[0]!.name}`]: { dims: definition.dims } };
  return kernelOf(
    { ...definition, name, inputs: elementsOf(name, inputs, definition.dims), outputs },
    { ...options, inputs, compiled },
    Object.fromEntries(outputs.map((output) => [output.name, { dims: definition.dims }])),
  );
}

/**
 * Compiles a portable kernel with the package gpu.js (an optional peer of this one), so that it can be launched; returns what
 * came out, to be given as `compiled` where gpu.js is not at hand: in a page with a strict policy, behind a minifier. Does
 * nothing where that was given. A gradient is prepared by itself.
 *
 * @throws TypeError for a function that is not written as `portable` says; Error where gpu.js is missing.
 * @example
 * ```ts
 * import { checkKernel, portable, preparePortable } from '@llm/kernels';
 * const kernel = portable('scaled', (x, scale) => x * scale, { uniforms: { scale: 2 } });
 * await preparePortable(kernel);
 * await checkKernel(kernel, { cases: [{ dims: { count: 7 } }] });
 * ```
 */
export async function preparePortable(kernel: Kernel, { gpujs }: { gpujs?: unknown } = {}): Promise<CompiledPortable> {
  const state = states.get(kernel);
  if (state === undefined) throw new TypeError(`preparePortable: expected a portable kernel but found ${kernel.name}. Every other kernel is ready as it is.`);
  if (state.compiled !== undefined) return state.compiled;
  // Loaded when needed: a kernel that comes compiled is free of the compilers.
  const { compilePortable } = await import('./compile.ts');
  state.compiled = await compilePortable(state.definition, gpujs);
  return state.compiled;
}
