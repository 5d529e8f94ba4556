import { checkDevices, countCase, type Values } from './check-devices.ts';
import { type Kernel, portShape, type Sizes } from './kernel.ts';

/** One call of a kernel to check: sizes, scalars, and inputs that are not plain random numbers. */
export interface KernelCase {
  readonly dims: Sizes;
  readonly uniforms?: Readonly<Record<string, number>>;
  /** Values for an input, for instance token ids; the others are drawn from a normal distribution. */
  readonly inputs?: Readonly<Record<string, (random: () => number, length: number) => ArrayLike<number>>>;
  /** Optional ports that take part; default none. */
  readonly with?: readonly string[];
}

export interface CheckOptions {
  readonly cases: readonly KernelCase[];
  /** Largest |actual − expected| / max(1, |expected|); default 2e-5. */
  readonly tolerance?: number;
  /** The same on a graphics card, whose exponentials are less exact; default four times `tolerance`. */
  readonly gpuTolerance?: number;
}

/** How many cases each device ran. */
export type CheckReport = Readonly<Record<string, number>>;

/** Uniform numbers in [0, 1), the same for the same seed everywhere (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A sample of the standard normal distribution by Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The inputs of a case as f64 arrays of f32 values, with every output filled with NaN, or with the input it overwrites. */
function makeIo(kernel: Kernel, { dims, uniforms, inputs = {}, with: optional = [] }: KernelCase, seed: number): { io: Record<string, Float64Array>; all: Sizes } {
  const all = { ...dims, ...kernel.derive?.(dims, { ...kernel.uniforms, ...uniforms }) };
  const random = seededRandom(seed);
  const io: Record<string, Float64Array> = {};
  for (const [name, port] of Object.entries(kernel.inputs)) {
    if (port.optional && !optional.includes(name)) continue;
    const length = count(portShape(kernel, name, all));
    const values = inputs[name]?.(random, length) ?? Array.from({ length }, () => normal(random));
    io[name] = Float64Array.from(port.dtype === 'int32' ? values : Float32Array.from(values));
  }
  for (const [name, port] of Object.entries(kernel.outputs)) {
    if (port.optional && !optional.includes(name)) continue;
    const source = port.inPlace === undefined ? undefined : io[port.inPlace];
    io[name] = source === undefined ? new Float64Array(count(portShape(kernel, name, all))).fill(NaN) : source.slice();
  }
  return { io, all };
}

/**
 * Compares a kernel with its reference on every device and case: outputs start as NaN, each is compared by name, and one and
 * two threads, or two runs on a graphics card, must agree to the bit. Throws at the first difference; returns how many cases
 * each device ran. Devices are those that the variable LLM_DEVICES names (`wasm,webgpu`), of the process or the global scope;
 * default `wasm`. One that is named and missing is an error.
 *
 * @example
 * ```ts
 * import { checkKernel, rmsNorm } from '@llm/kernels';
 * await checkKernel(rmsNorm, { cases: [{ dims: { rows: 5, cols: 123 } }] });
 * ```
 */
export async function checkKernel(kernel: Kernel, { cases, tolerance = 2e-5, gpuTolerance = 4 * tolerance }: CheckOptions): Promise<CheckReport> {
  if (cases.length === 0) throw new RangeError('checkKernel: expected at least one case but found none');
  const ran: Record<string, number> = {};
  for (const [number, one] of cases.entries()) {
    const { io, all } = makeIo(kernel, one, 1 + number);
    const uniforms = { ...kernel.uniforms, ...one.uniforms };
    const expected: Record<string, Float64Array> = {};
    for (const [name, values] of Object.entries(io)) expected[name] = values.slice();
    kernel.reference(expected as never, all, uniforms as never);
    let bits: { readonly device: string; readonly outputs: Record<string, Values> } | undefined;
    for (const { name, sameBitsAs, tolerant, run } of await checkDevices()) {
      const outputs = await run(kernel, { io, dims: all, uniforms });
      for (const output of Object.keys(outputs)) {
        compare(outputs[output]!, expected[output]!, tolerant ? gpuTolerance : tolerance, `${kernel.name}.${output} on ${name}, dims ${JSON.stringify(one.dims)}, uniforms ${JSON.stringify(one.uniforms ?? {})}`);
      }
      if (sameBitsAs !== undefined && bits?.device === sameBitsAs) sameBits(kernel, bits.outputs, outputs, name);
      bits = { device: name, outputs };
      ran[name] = (ran[name] ?? 0) + 1;
      countCase(name);
    }
  }
  return ran;
}

function compare(actual: ArrayLike<number>, expected: Float64Array, tolerance: number, what: string): void {
  let worst = 0;
  let total = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const b = expected[i]!;
    if (Number.isNaN(b)) throw new Error(`checkKernel: expected the reference to write ${what} but found index ${i} untouched`);
    const error = a === b ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b));
    total += error;
    if (!(error <= worst)) {
      worst = Number.isNaN(error) ? Infinity : error;
      at = i;
    }
  }
  if (worst > tolerance) {
    throw new Error(`checkKernel: expected ${what} within ${tolerance} but found ${worst.toExponential(2)} at ${at} `
      + `(${actual[at]} instead of ${expected[at]}; mean error ${(total / expected.length).toExponential(2)})`);
  }
}

function sameBits(kernel: Kernel, one: Record<string, ArrayLike<number>>, two: Record<string, ArrayLike<number>>, device: string): void {
  for (const [name, values] of Object.entries(one)) {
    for (let i = 0; i < values.length; i++) {
      if (!Object.is(values[i], two[name]![i])) {
        throw new Error(`checkKernel: expected ${kernel.name}.${name}[${i}] to have the same bits on ${device} as before but found ${two[name]![i]} and ${values[i]}`);
      }
    }
  }
}

/**
 * Checks the references' own gradient by central differences in f64: for random dy,
 * d/dx Σ dy · forward(x) must equal what the backward reference says.
 *
 * `gradients` maps an input of `forward` to the output of `backward` that is its gradient; `dy` maps an output of `forward`
 * to the input of `backward` that takes its gradient. Other inputs of `backward` are found by name among the forward's ports.
 */
export function checkGradient(
  forward: Kernel,
  backward: Kernel,
  { cases, gradients, dy, tolerance = 1e-5, step = 1e-5 }: {
    cases: readonly KernelCase[];
    gradients: Readonly<Record<string, string>>;
    dy: Readonly<Record<string, string>>;
    tolerance?: number;
    step?: number;
  },
): void {
  for (const [number, one] of cases.entries()) {
    const { io, all } = makeIo(forward, one, 100 + number);
    const uniforms = { ...forward.uniforms, ...one.uniforms };
    const random = seededRandom(999 + number);
    const evaluate = (): Record<string, Float64Array> => {
      const copy: Record<string, Float64Array> = {};
      for (const [name, values] of Object.entries(io)) copy[name] = values.slice();
      forward.reference(copy as never, all, uniforms as never);
      return copy;
    };
    const out = evaluate();
    const backwardIo: Record<string, Float64Array> = {};
    for (const [output, name] of Object.entries(dy)) backwardIo[name] = out[output]!.map(() => normal(random));
    for (const name of Object.keys(backward.inputs)) if (backwardIo[name] === undefined && out[name] !== undefined) backwardIo[name] = out[name];
    for (const name of Object.keys(backward.outputs)) backwardIo[name] = new Float64Array(count(portShape(backward, name, all)));
    backward.reference(backwardIo as never, all, { ...backward.uniforms, ...one.uniforms } as never);
    const objective = (): number => {
      const result = evaluate();
      let sum = 0;
      for (const [output, name] of Object.entries(dy)) result[output]!.forEach((value, i) => { sum += value * backwardIo[name]![i]!; });
      return sum;
    };
    for (const [input, gradient] of Object.entries(gradients)) {
      const values = io[input]!;
      for (let i = 0; i < values.length; i += Math.max(1, Math.floor(values.length / 40))) {
        const kept = values[i]!;
        values[i] = kept + step;
        const up = objective();
        values[i] = kept - step;
        const down = objective();
        values[i] = kept;
        const expected = (up - down) / (2 * step);
        const actual = backwardIo[gradient]![i]!;
        if (!(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)))) {
          throw new Error(`checkGradient: expected ${backward.name}.${gradient}[${i}] = ${expected} by central differences but found ${actual}, dims ${JSON.stringify(one.dims)}`);
        }
      }
    }
  }
}
