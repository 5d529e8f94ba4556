import { type Kernel, launch, type WasmDevice, type WasmPlan } from '@llm/kernels';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { type DataType, type BackendValues, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Info, OwnBackend } from './own-backend.ts';

interface Entry {
  readonly dtype: DataType;
  readonly values: BackendValues;
  readonly address?: number;
  readonly length?: number;
  refCount: number;
}

let nextId = 1;

/**
 * The tfjs backend whose tensors live in the memory of a WasmDevice. Where no kernel of ours stands, tfjs's plain kernels work
 * on views of the same memory, so no operation is ever missing.
 */
export class WasmBackend extends MathBackendCPU implements OwnBackend {
  readonly name = 'wasm';
  readonly device: WasmDevice;
  /** While something is recorded: where the tensors lie that it uses. */
  private used: Map<object, number> | undefined;

  constructor(device: WasmDevice) {
    super();
    this.device = device;
    (this as unknown as { firstUse: boolean }).firstUse = false;
  }

  private entries(): { get(id: object): Entry; set(id: object, entry: Entry): void; has(id: object): boolean; delete(id: object): boolean } {
    return this.data as never;
  }

  /** A tensor's entry for `length` values of a dtype that lie at `address`. */
  private entryAt(address: number, length: number, { dtype, refCount }: { dtype: DataType; refCount: number }): Entry {
    const { device } = this;
    return {
      dtype, address, length, refCount,
      get values() {
        if (dtype === 'float32') return device.f32(address, length);
        return dtype === 'int32' ? device.i32(address, length) : device.u8(address, length);
      },
    };
  }

  /** A new tensor of undefined content. */
  output(shape: number[], dtype: 'float32' | 'int32' = 'float32'): Info {
    return this.adopt(this.device.heap.alloc(4 * util.sizeFromShape(shape)), shape, dtype);
  }

  /** A tensor in memory that is there already. */
  adopt(address: number, shape: number[], dtype: DataType): Info {
    const dataId = { id: nextId++ };
    this.entries().set(dataId, this.entryAt(address, util.sizeFromShape(shape), { dtype, refCount: 1 }));
    return { dataId, shape, dtype };
  }

  /** Runs `fn` and remembers what it dispatches, with the tensors that were there before. */
  record<T>(fn: () => T): { readonly result: T; readonly plan: (WasmPlan & { valid(): boolean }) | undefined } {
    const used = this.used = new Map<object, number>();
    try {
      const { result, plan } = this.device.record(fn);
      if (plan === undefined) return { result, plan };
      const outside = [...used].filter(([, address]) => !plan.owns(address));
      const entries = this.entries();
      return { result, plan: { ...plan, valid: () => outside.every(([dataId, address]) => entries.has(dataId) && entries.get(dataId).address === address) } };
    } finally {
      this.used = undefined;
    }
  }

  /** Where a tensor's values lie in the device's memory. */
  address(dataId: object): number {
    const { address, dtype } = this.entries().get(dataId);
    if (address === undefined) throw new TypeError(`wasm backend: expected numbers in device memory but found ${dtype} values`);
    this.used?.set(dataId, address);
    return address;
  }

  launch(kernel: Kernel, { at, dims, uniforms }: Parameters<OwnBackend['launch']>[1]): void {
    const addresses: Record<string, number> = {};
    for (const port in at) if (at[port] !== undefined) addresses[port] = this.address(at[port]);
    launch(this.device, kernel, { at: addresses, dims, uniforms });
  }

  discard({ dataId }: Info): void {
    this.disposeData(dataId);
  }

  overwrite(dataId: object, values: ArrayLike<number>): void {
    (this.entries().get(dataId).values as Float32Array).set(values);
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): object {
    const dataId = { id: nextId++ };
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(dataId: object, values: BackendValues, shape: number[], dtype: DataType, refCount: number): void {
    if (dtype === 'string' || dtype === 'complex64') {
      this.entries().set(dataId, { values, dtype, refCount, ...(dtype === 'complex64' && values != null ? this.parts(values as Float32Array, shape) : {}) });
      return;
    }
    const length = util.sizeFromShape(shape);
    // The device takes the bytes of typed arrays as they are.
    const typed = values == null ? undefined : dtype === 'float32' ? (values instanceof Float32Array ? values : Float32Array.from(values as unknown as Float32Array))
      : dtype === 'int32' ? (values instanceof Int32Array ? values : Int32Array.from(values as unknown as Int32Array)) : values instanceof Uint8Array ? values : Uint8Array.from(values as unknown as Uint8Array);
    this.entries().set(dataId, this.entryAt(this.device.place(dtype === 'bool' ? length : 4 * length, typed), length, { dtype, refCount }));
  }

  /** The two tensors that tfjs's kernels find behind a complex one, from real and imaginary parts in turn. */
  private parts(values: Float32Array, shape: number[]): { complexTensorInfos: { real: TensorInfo; imag: TensorInfo } } {
    const part = (offset: number): TensorInfo => this.makeTensorInfo(shape, 'float32', values.filter((_, i) => i % 2 === offset));
    return { complexTensorInfos: { real: part(0), imag: part(1) } };
  }

  override readSync(dataId: object): BackendValues {
    const { address, values } = this.entries().get(dataId);
    return address === undefined ? super.readSync(dataId) : (values as Float32Array).slice();
  }

  override disposeData(dataId: object, force: boolean = false): boolean {
    const entry = this.entries().has(dataId) ? this.entries().get(dataId) : undefined;
    const gone = super.disposeData(dataId, force);
    if (gone && entry?.address !== undefined) this.device.heap.free(entry.address);
    return gone;
  }

  override memory(): { unreliable: boolean; reasons: string[] } {
    return { unreliable: false, reasons: [] };
  }
}
