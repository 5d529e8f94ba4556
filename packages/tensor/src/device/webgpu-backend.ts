import { type GpuDevice, GpuError, type GpuMemory, type Kernel, launchGpu } from '@llm/kernels';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { type BackendValues, type DataType, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Info, OwnBackend } from './own-backend.ts';
import { packUniforms, type UniformField } from './stock-uniforms.ts';

/** What the stock backend keeps of a tensor, and what we keep beside it. */
interface Entry {
  readonly dtype: DataType;
  readonly shape: number[];
  values: BackendValues | null | undefined;
  resource?: GPUBuffer | null;
  memory?: GpuMemory | undefined;
  /** The card on which `memory` lies: another than the present one is lost. */
  gpu?: GpuDevice;
  /** What came from the host and was not changed since, while it is small: for who asks at once, and when the card is lost. */
  host?: Float32Array | Int32Array | undefined;
  refCount: number;
}

/** A program of the stock backend, ready to run. */
interface StockProgram {
  readonly pipeline: GPUComputePipeline | Promise<GPUComputePipeline>;
  readonly dispatch: [number, number, number];
  readonly outputShape: number[];
  readonly size?: boolean;
  readonly outputComponent?: number;
  readonly pixelsOpType?: unknown;
}

/** The parts of tfjs's backend that we use or replace; its typings keep some private. */
interface StockBackend {
  tensorMap: { get(id: object): Entry; has(id: object): boolean; set(id: object, entry: Entry): void };
  device: GPUDevice;
  queue: GPUQueue;
  pipelineCache: object;
  makeTensorInfo(shape: number[], dtype: DataType, values?: BackendValues): TensorInfo;
  ensureCommandEncoderReady(): void;
  disposeData(dataId: object, force?: boolean): boolean;
  read(dataId: object): Promise<BackendValues>;
}

// The stock backend takes WebGPU to be there only where `navigator` says so, which Node has no need to have.
const Stock = WebGPUBackend as unknown as new (device: GPUDevice, info: GPUAdapterInfo) => StockBackend;

function withNavigator<T>(make: () => T): T {
  const scope = globalThis as { navigator?: { gpu?: unknown } };
  if (scope.navigator?.gpu !== undefined) return make();
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: true, userAgent: '' }, configurable: true });
  try {
    return make();
  } finally {
    if (before === undefined) delete (globalThis as { navigator?: unknown }).navigator;
    else Object.defineProperty(globalThis, 'navigator', before);
  }
}

/** Values of up to so many bytes are kept on the host as well. */
const KEPT_BYTES = 16 * 2 ** 20;

const bytesOf = (shape: readonly number[]): number => 4 * util.sizeFromShape([...shape]);

/** The values as the card holds them: four bytes each. */
function words(values: BackendValues, dtype: DataType): Float32Array | Int32Array {
  if (dtype === 'float32') return values instanceof Float32Array ? values : Float32Array.from(values as unknown as Float32Array);
  return values instanceof Int32Array ? values : Int32Array.from(values as unknown as Uint8Array);
}

/**
 * The tfjs backend on a GpuDevice: tensors live in its pool, and tfjs's own programs join its queue of commands, so that they
 * can be mixed with our kernels, recorded and replayed.
 */
export class WebgpuBackend extends Stock implements OwnBackend {
  readonly name = 'webgpu';
  gpu: GpuDevice;
  /** Whether the card multiplies float16 numbers, and does so rightly: some drivers give zeros. */
  halfPrecision = false;

  constructor(gpu: GpuDevice) {
    super(gpu.device, gpu.adapter.adapter.info);
    this.gpu = gpu;
  }

  /** Goes on with another card after one was lost. What has a copy on the host comes back by itself, the rest when it is overwritten. */
  reopen(gpu: GpuDevice): void {
    this.gpu = gpu;
    this.device = gpu.device;
    this.queue = gpu.device.queue;
    this.pipelineCache = {};
  }

  /** Where a tensor's values lie, uploaded if they do not yet. */
  memoryOf(dataId: object): GpuMemory {
    this.uploadToGPU(dataId);
    return this.tensorMap.get(dataId).memory!;
  }

  uploadToGPU(dataId: object): void {
    const entry = this.tensorMap.get(dataId);
    if (entry.memory !== undefined && entry.gpu === this.gpu) return;
    const { values, host, dtype, shape, resource } = entry;
    if (dtype === 'string' || dtype === 'complex64') throw new TypeError(`webgpu backend: expected numbers but found ${dtype} values. Take real and imaginary parts, or the device cpu.`);
    if (entry.memory !== undefined && host === undefined) {
      throw new GpuError('E_GPU_LOST', `expected a tensor [${shape.join(', ')}] on the graphics card but it was lost with the card. Load it again, or go on from the last checkpoint.`);
    }
    const foreign = entry.memory === undefined && resource !== null && resource !== undefined;
    const source = host ?? (values === null || values === undefined ? undefined : words(values, dtype));
    if (foreign) this.place(entry, this.gpu.adopt(resource, bytesOf(shape)));
    else this.place(entry, source === undefined ? this.gpu.alloc(bytesOf(shape)) : this.gpu.place(source));
    if (source === undefined) return;
    if (source.byteLength <= KEPT_BYTES) entry.host = source;
    entry.values = null;
  }

  private place(entry: Entry, memory: GpuMemory): void {
    entry.memory = memory;
    entry.gpu = this.gpu;
    entry.resource = memory.buffer;
  }

  releaseResource(dataId: object): void {
    const entry = this.tensorMap.get(dataId);
    if (entry?.memory === undefined) return;
    if (entry.gpu === this.gpu) this.gpu.free(entry.memory);
    entry.memory = undefined;
    entry.resource = null;
  }

  /** A tensor in memory that is there already. */
  adopt(memory: GpuMemory, shape: number[], dtype: DataType): Info {
    const info = this.makeTensorInfo(shape, dtype);
    this.place(this.tensorMap.get(info.dataId), memory);
    return info as Info;
  }

  output(shape: number[], dtype: 'float32' | 'int32' = 'float32'): Info {
    return this.makeTensorInfo(shape, dtype) as Info;
  }

  discard({ dataId }: Info): void {
    this.disposeData(dataId);
  }

  launch(kernel: Kernel, { at, dims, uniforms }: Parameters<OwnBackend['launch']>[1]): void {
    const memories: Record<string, GpuMemory> = {};
    for (const [port, dataId] of Object.entries(at)) if (dataId !== undefined) memories[port] = this.memoryOf(dataId);
    for (const port of Object.keys(kernel.outputs)) if (at[port] !== undefined) this.tensorMap.get(at[port]).host = undefined;
    launchGpu(this.gpu, kernel, { at: memories, dims, uniforms });
  }

  overwrite(dataId: object, values: ArrayLike<number>): void {
    const entry = this.tensorMap.get(dataId);
    const source = words(values as unknown as Float32Array, entry.dtype);
    if (entry.memory !== undefined && entry.gpu !== this.gpu) this.place(entry, this.gpu.alloc(bytesOf(entry.shape)));
    const memory = this.memoryOf(dataId);
    entry.host = undefined;
    this.gpu.write(memory, source);
  }

  /** The values as the card would hold them, where they are on the host. */
  hostValues(dataId: object): Float32Array | Int32Array | undefined {
    const { values, host, dtype } = this.tensorMap.get(dataId);
    return values === null || values === undefined ? host : words(values, dtype);
  }

  readSync(dataId: object): BackendValues {
    const { values, host, shape } = this.tensorMap.get(dataId);
    if (values !== null && values !== undefined) return values;
    if (host !== undefined) return host;
    throw new TypeError(`dataSync: expected values on the host but found [${shape.join(', ')}] on the graphics card. Use \`await tensor.data()\`, or the device wasm.`);
  }

  override async read(dataId: object): Promise<BackendValues> {
    if (!this.tensorMap.has(dataId)) throw new TypeError('data: expected a tensor of this device but found one that is gone.');
    const { values, dtype, memory } = this.tensorMap.get(dataId);
    if ((values !== null && values !== undefined) || memory === undefined) return super.read(dataId);
    const bytes = await this.gpu.read(this.memoryOf(dataId));
    if (dtype === 'float32') return new Float32Array(bytes);
    return dtype === 'bool' ? Uint8Array.from(new Int32Array(bytes)) : new Int32Array(bytes);
  }

  /** Runs a program of the stock backend in our queue; its uniforms are the constants, shapes and sizes that it was written for. */
  recordAndSubmit(program: StockProgram, output: TensorInfo, inputs: TensorInfo[], own: UniformField[] = []): void {
    if (program.pipeline instanceof Promise) throw new Error('webgpu backend: expected a compiled program but found one in the making.');
    const shapes = [...inputs, output].map(({ shape }) => shape);
    const fields: UniformField[] = program.pixelsOpType === undefined || program.pixelsOpType === null
      ? [{ type: 'float32', data: [NaN] }, { type: 'float32', data: [Infinity] }, ...shapes.flatMap((shape) => [shape, util.computeStrides(shape)]).map((data): UniformField => ({ type: 'int32', data }))]
      : [{ type: 'int32', data: util.computeStrides(output.shape) }];
    if (program.size) fields.push({ type: 'int32', data: [util.sizeFromShape(program.outputShape) / (program.outputComponent ?? 1)] });
    this.gpu.runRaw({
      pipeline: program.pipeline,
      storage: [output, ...inputs].map(({ dataId }) => this.memoryOf(dataId)),
      uniforms: packUniforms([...fields, ...own]),
      grid: program.dispatch,
    });
  }

  /** Whatever of the stock backend still makes commands of its own comes after ours. */
  override ensureCommandEncoderReady(): void {
    this.gpu.submit();
    super.ensureCommandEncoderReady();
  }

  memory(): { unreliable: boolean; numBytesInGPU: number } {
    return { unreliable: false, numBytesInGPU: this.gpu.stats().usedBytes };
  }
}

/** The backend of a graphics card. */
export function openWebgpuBackend(gpu: GpuDevice): WebgpuBackend {
  return withNavigator(() => new WebgpuBackend(gpu));
}
