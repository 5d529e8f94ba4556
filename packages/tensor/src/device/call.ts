import { type Kernel, portShape, type Sizes } from '@llm/kernels';
import { type Tensor, tensor as makeTensor, util } from '@tensorflow/tfjs-core';
import { internals } from '../autodiff/engine.ts';
import { overwrite } from './in-place.ts';
import { dataOf, ownBackend, type OwnBackend } from './own-backend.ts';

/** The shape of each output that is wanted: `true` takes the kernel's own, undefined leaves an optional output out. */
export type Outputs = Readonly<Record<string, readonly number[] | true | undefined>>;

/** How to run a kernel: its inputs by port, sizes by dimension, scalars, and which outputs are wanted. */
export interface Call<O extends Outputs = Outputs> {
  readonly inputs: Readonly<Record<string, Tensor | undefined>>;
  readonly dims: Sizes;
  readonly uniforms?: Readonly<Record<string, number | undefined>>;
  readonly outputs: O;
}

/**
 * Runs a kernel on the device in use and returns its outputs. Inputs need not have the kernel's rank, only its number of
 * values: rows and columns are read off `dims`. An output that the kernel makes in place is the input, changed.
 */
export function call<const O extends Outputs>(
  kernel: Kernel,
  { inputs, dims, uniforms = {}, outputs }: Call<O>,
): { readonly [K in keyof O]: undefined extends O[K] ? Tensor | undefined : Tensor } {
  const sizes = { ...dims, ...kernel.derive?.(dims, { ...kernel.uniforms, ...defined(uniforms) }) };
  for (const [name, port] of Object.entries(kernel.inputs)) {
    const input = inputs[name];
    if (input === undefined) {
      if (port.optional) continue;
      throw new TypeError(`${kernel.name}: expected input ${name} [${port.dims.join(', ')}] but found none`);
    }
    const expected = portShape(kernel, name, sizes);
    if (input.dtype !== (port.dtype ?? 'float32') || input.size !== util.sizeFromShape(expected)) {
      throw new RangeError(
        `${kernel.name}: expected ${name} to hold [${expected.join(', ')}] ${port.dtype ?? 'float32'} values but found [${input.shape.join(', ')}] ${input.dtype}`,
      );
    }
  }
  const shapes: Record<string, number[]> = {};
  for (const [name, shape] of Object.entries(outputs)) {
    if (shape !== undefined) shapes[name] = shape === true ? portShape(kernel, name, sizes) : [...shape];
  }
  const request = { inputs, sizes, uniforms: defined(uniforms), shapes };
  const backend = ownBackend();
  const results = backend === undefined ? onReference(kernel, request) : onDevice(backend, kernel, request);
  watcher?.(kernel.name, Object.values(inputs), Object.values(results));
  return results as never;
}

/** Sees every kernel that runs, with what went in and what came out. */
export type Watcher = (kernel: string, inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]) => void;

let watcher: Watcher | undefined;

/** Runs `fn` with every call of a kernel shown to `watch`. */
export function whileWatching<T>(watch: Watcher, fn: () => T): T {
  const outer = watcher;
  watcher = watch;
  try {
    return fn();
  } finally {
    watcher = outer;
  }
}

interface Request {
  readonly inputs: Call['inputs'];
  readonly sizes: Sizes;
  readonly uniforms: Readonly<Record<string, number>>;
  readonly shapes: Readonly<Record<string, number[]>>;
}

function defined(uniforms: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(Object.entries(uniforms).filter((entry): entry is [string, number] => entry[1] !== undefined));
}

function onDevice(backend: OwnBackend, kernel: Kernel, { inputs, sizes, uniforms, shapes }: Request): Record<string, Tensor> {
  const at: Record<string, object> = {};
  for (const [name, input] of Object.entries(inputs)) if (input !== undefined) at[name] = dataOf(input);
  const results: Record<string, Tensor> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const port = kernel.outputs[name]!;
    if (port.inPlace !== undefined) {
      results[name] = inputs[port.inPlace]!;
      at[name] = at[port.inPlace]!;
    } else {
      const info = backend.output(shape, port.dtype);
      results[name] = internals().makeTensorFromTensorInfo(info);
      at[name] = info.dataId;
    }
  }
  backend.launch(kernel, { at, dims: sizes, uniforms });
  return results;
}

/** The reference in f64 on any device: values are read, the plain loops run, and the results are written back. */
function onReference(kernel: Kernel, { inputs, sizes, uniforms, shapes }: Request): Record<string, Tensor> {
  const io: Record<string, Float64Array> = {};
  for (const [name, input] of Object.entries(inputs)) if (input !== undefined) io[name] = Float64Array.from(input.dataSync());
  for (const [name, shape] of Object.entries(shapes)) {
    const { inPlace } = kernel.outputs[name]!;
    io[name] = inPlace === undefined ? new Float64Array(util.sizeFromShape(shape)) : io[inPlace]!;
  }
  kernel.reference(io as never, sizes, { ...kernel.uniforms, ...uniforms } as never);
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => {
    const { inPlace, dtype = 'float32' } = kernel.outputs[name]!;
    if (inPlace === undefined) return [name, makeTensor(dtype === 'int32' ? Int32Array.from(io[name]!) : Float32Array.from(io[name]!), shape, dtype)];
    const target = inputs[inPlace]!;
    overwrite(target, io[name]!);
    return [name, target];
  }));
}
