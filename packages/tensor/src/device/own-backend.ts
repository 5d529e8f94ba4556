import type { Kernel, Sizes } from '@llm/kernels';
import { type DataType, engine, getBackend, type Tensor } from '@tensorflow/tfjs-core';

/** A tfjs tensor without a handle in the engine, as kernels pass them. */
export interface Info {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: DataType;
}

/** A tfjs backend whose tensors our kernels work on where they lie. */
export interface OwnBackend {
  readonly name: 'wasm' | 'webgpu';
  /** A new tensor of undefined content. */
  output(shape: number[], dtype?: 'float32' | 'int32'): Info;
  /** Runs a kernel on data by port name; an output that is made in place has the data of its input. */
  launch(kernel: Kernel, request: {
    readonly at: Readonly<Record<string, object | undefined>>;
    readonly dims: Sizes;
    readonly uniforms: Readonly<Record<string, number>>;
  }): void;
  /** Frees a tensor that no engine knows of. */
  discard(info: Info): void;
  /** Replaces the values of a tensor. */
  overwrite(dataId: object, values: ArrayLike<number>): void;
}

/** The backend in use when it is ours, or undefined where tensors live elsewhere. */
export function ownBackend(): OwnBackend | undefined {
  const name = getBackend();
  return name === 'wasm' || name === 'webgpu' ? (engine().backend as unknown as OwnBackend) : undefined;
}

/** The data of a tensor on the backend in use; one that was made on another device is brought over first. */
export function dataOf(tensor: Tensor): object {
  const backend = engine().backend as unknown as { data?: { has(id: object): boolean }; tensorMap?: { has(id: object): boolean } };
  if (!(backend.tensorMap ?? backend.data)!.has(tensor.dataId)) {
    (engine() as unknown as { moveData(backend: unknown, id: object): void }).moveData(backend, tensor.dataId);
  }
  return tensor.dataId;
}
