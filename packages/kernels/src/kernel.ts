import type { GpuDevice } from './gpu/gpu-device.ts';
import type { GpuMemory, GpuProgram, ProgramCall, Scalar } from './gpu/program.ts';
import type { WasmDevice } from './runtime/wasm-device.ts';

/** An input or output of a kernel: its dimensions by name, row-major. */
export interface Port {
  readonly dims: readonly string[];
  /** Default 'float32'. */
  readonly dtype?: 'float32' | 'int32';
  /** The caller may leave an optional input out, and asks for an optional output by name. */
  readonly optional?: true;
  /** For an output: the input whose memory it overwrites. */
  readonly inPlace?: string;
}

export type Ports = Readonly<Record<string, Port>>;
export type Sizes = Readonly<Record<string, number>>;

/** What `wasm` gets: addresses by port name (0 where an optional port is absent), sizes, uniforms, and ways to work. */
export interface Launch<Names extends string = string, Uniforms extends string = string> {
  readonly at: Readonly<Record<Names, number>>;
  readonly dims: Sizes;
  readonly uniforms: Readonly<Record<Uniforms, number>>;
  readonly device: WasmDevice;
  /** Runs the exported function `fn(begin, end, ...args)` over [0, total) in chunks of `grain`. */
  run(fn: string, total: number, grain: number, ...args: number[]): void;
  /** Memory that is given back when the launch ends. */
  temporary(bytes: number): number;
}

/** What `webgpu` gets: memory by port name (undefined where an optional port is absent), sizes, uniforms, and ways to work. */
export interface GpuLaunch<Names extends string = string, Uniforms extends string = string> {
  readonly at: Readonly<Record<Names, GpuMemory | undefined>>;
  readonly dims: Sizes;
  readonly uniforms: Readonly<Record<Uniforms, number>>;
  readonly device: GpuDevice;
  /** Runs a program once over a grid of workgroups. */
  run<P extends Readonly<Record<string, Scalar>>>(program: GpuProgram<P>, call: ProgramCall<P>): void;
  /** Memory of undefined content that is given back when the launch ends. */
  temporary(bytes: number): GpuMemory;
}

/** A numeric kernel: what goes in and out, the plain truth, and how a device does it. */
export interface Kernel<I extends Ports = Ports, O extends Ports = Ports, U extends Readonly<Record<string, number>> = Readonly<Record<string, number>>> {
  readonly name: string;
  readonly paper?: string;
  readonly inputs: I;
  readonly outputs: O;
  /** Scalars with their defaults. */
  readonly uniforms: U;
  /** Sizes that no input fixes, from those that one does and from the uniforms. */
  readonly derive?: (dims: Sizes, uniforms: U) => Sizes;
  /** Plain loops in f64: the definition. Writes the outputs; an in-place output starts as a copy of its input. */
  reference(
    io: { readonly [K in keyof I | keyof O]: Float64Array },
    dims: Sizes,
    uniforms: { readonly [K in keyof U]: number },
  ): void;
  wasm(launch: Launch<(keyof I | keyof O) & string, keyof U & string>): void;
  webgpu?(launch: GpuLaunch<(keyof I | keyof O) & string, keyof U & string>): void;
}

/** Changes nothing: it checks the definition's types, so that a misspelt port or uniform is a compile error. */
export function defineKernel<const I extends Ports, const O extends Ports, U extends Readonly<Record<string, number>>>(
  kernel: Kernel<I, O, U>,
): Kernel {
  return kernel as unknown as Kernel;
}

/** The sizes of a call, matched from the shapes of its inputs; a contradiction is an error that names both sides. */
export function resolveDims(
  kernel: Kernel,
  shapes: Readonly<Record<string, readonly number[] | undefined>>,
  uniforms: Readonly<Record<string, number>> = kernel.uniforms,
  given: Sizes = {},
): Sizes {
  const dims: Record<string, number> = { ...given };
  for (const [name, port] of Object.entries(kernel.inputs)) {
    const shape = shapes[name];
    if (shape === undefined) {
      if (port.optional) continue;
      throw new TypeError(`${kernel.name}: expected input ${name} [${port.dims.join(', ')}] but found none`);
    }
    if (shape.length !== port.dims.length) {
      throw new RangeError(`${kernel.name}: expected ${name} to be [${port.dims.join(', ')}] but found [${shape.join(', ')}]`);
    }
    port.dims.forEach((dim, i) => {
      const size = shape[i]!;
      const known = dims[dim];
      if (known !== undefined && known !== size) {
        throw new RangeError(`${kernel.name}: expected ${dim} = ${known} in ${name} [${port.dims.join(', ')}] but found [${shape.join(', ')}]`);
      }
      dims[dim] = size;
    });
  }
  Object.assign(dims, kernel.derive?.(dims, uniforms));
  return dims;
}

/** The shape of a port once the sizes are known. */
export function portShape(kernel: Kernel, name: string, dims: Sizes): number[] {
  const port = kernel.outputs[name] ?? kernel.inputs[name];
  if (port === undefined) throw new TypeError(`${kernel.name}: expected a port but found ${name}`);
  return port.dims.map((dim) => {
    const size = dims[dim];
    if (size === undefined) throw new TypeError(`${kernel.name}: expected a size for ${dim} of ${name} but found none`);
    return size;
  });
}

/** Launches a kernel on addresses of the device's memory; absent optional ports are 0. */
export function launch(
  device: WasmDevice,
  kernel: Kernel,
  { at, dims, uniforms = {} }: {
    at: Readonly<Record<string, number | undefined>>;
    dims: Sizes;
    uniforms?: Readonly<Record<string, number | undefined>>;
  },
): void {
  const addresses: Record<string, number> = {};
  for (const name of [...Object.keys(kernel.inputs), ...Object.keys(kernel.outputs)]) addresses[name] = at[name] ?? 0;
  const values = valuesOf(kernel, uniforms);
  const temporaries: number[] = [];
  try {
    kernel.wasm({
      at: addresses,
      dims,
      uniforms: values,
      device,
      run: (fn, total, grain, ...args) => device.dispatch(fn, total, grain, args),
      temporary: (bytes) => {
        const address = device.heap.alloc(bytes);
        temporaries.push(address);
        return address;
      },
    });
  } finally {
    for (const address of temporaries) device.heap.free(address);
  }
}

/** Launches a kernel on memory of a graphics card; absent optional ports are left out. */
export function launchGpu(
  device: GpuDevice,
  kernel: Kernel,
  { at, dims, uniforms = {} }: {
    at: Readonly<Record<string, GpuMemory | undefined>>;
    dims: Sizes;
    uniforms?: Readonly<Record<string, number | undefined>>;
  },
): void {
  if (kernel.webgpu === undefined) throw new TypeError(`${kernel.name}: expected a kernel for WebGPU but found none. Use the device wasm.`);
  const temporaries: GpuMemory[] = [];
  try {
    kernel.webgpu({
      at: at as Readonly<Record<string, GpuMemory | undefined>>,
      dims,
      uniforms: valuesOf(kernel, uniforms),
      device,
      run: (program, call) => device.run(program, call as ProgramCall),
      temporary: (bytes) => {
        const memory = device.alloc(bytes);
        temporaries.push(memory);
        return memory;
      },
    });
  } finally {
    for (const memory of temporaries) device.free(memory);
  }
}

/** The scalars of a call: those that are given, and the kernel's own for the rest. */
function valuesOf(kernel: Kernel, uniforms: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const values: Record<string, number> = { ...kernel.uniforms };
  for (const [name, value] of Object.entries(uniforms)) if (value !== undefined) values[name] = value;
  return values;
}

/** Rows per chunk so that a chunk holds about `elements` numbers and there are at most 1,000 chunks. */
export function rowGrain(rows: number, cols: number, elements: number = 16_384): number {
  return Math.max(1, Math.ceil(rows / 1000), Math.min(Math.ceil(rows / 4), Math.floor(elements / Math.max(1, cols))));
}
