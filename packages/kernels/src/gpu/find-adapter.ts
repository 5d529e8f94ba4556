import { GpuError } from './gpu-error.ts';

/** An adapter with what it is. */
export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  /** A processor that imitates a graphics card: right, and slow. */
  readonly software: boolean;
  readonly description: string;
  /** Whether WGSL here has products of four bytes at once, packed_4x8_integer_dot_product. */
  readonly packedDot: boolean;
}

/**
 * What Dawn, which carries WebGPU in Node, keeps back unless asked: matrix units, half floats on NVIDIA, and exact timestamps. It
 * zeroes workgroup memory itself: by the extension that drivers have for it, SwiftShader takes seconds for each program.
 */
const DAWN_OPTIONS = ['enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia', 'disable-dawn-features=timestamp_quantization,use_vulkan_zero_initialize_workgroup_memory_extension'];

/** A kind of matrix product that the card's matrix units do: [m, k] · [k, n] of these types. */
export interface MatrixUnit { readonly m: number; readonly n: number; readonly k: number; readonly component: string; readonly result: string }

/** What the card can do beyond the least that WebGPU promises. */
export interface GpuFeatures {
  readonly f16: boolean;
  readonly subgroups: boolean;
  readonly timestamps: boolean;
  /** Products of four bytes at once. */
  readonly packedDot: boolean;
  readonly matrixUnits: readonly MatrixUnit[];
}

const SHOWN_LIMITS = [
  'maxBufferSize', 'maxStorageBufferBindingSize', 'maxStorageBuffersPerShaderStage', 'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup', 'maxComputeWorkgroupSizeX', 'maxComputeWorkgroupSizeY', 'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension', 'maxUniformBufferBindingSize',
] as const;
const FEATURES = ['subgroups', 'timestamp-query'];
const HALF_FEATURES = ['shader-f16', 'chromium-experimental-subgroup-matrix'];

/** Node has no WebGPU of its own: the package `webgpu` brings it, when it is installed. */
const PACKAGE = 'webgpu';

let inNode: Promise<GPU> | undefined;

async function loadPackage(): Promise<GPU> {
  let loaded: { create(options: string[]): GPU; globals: object };
  try {
    loaded = await import(/* @vite-ignore */ PACKAGE) as typeof loaded;
  } catch (cause) {
    throw new GpuError('E_NO_GPU', `findAdapter: expected WebGPU but found none in this Node. Install the package webgpu. (${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)})`, { cause });
  }
  // The classes and flags of WebGPU, which a page has as globals.
  for (const [name, value] of Object.entries(loaded.globals)) if (!(name in globalThis)) Object.assign(globalThis, { [name]: value });
  return loaded.create(DAWN_OPTIONS);
}

/** WebGPU of the page, or of the package `webgpu` in Node. */
async function findGpu(): Promise<GPU> {
  const own = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (own !== undefined && own !== null) return own;
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (process?.versions?.node === undefined) throw new GpuError('E_NO_GPU', 'findAdapter: expected WebGPU but found none in this browser. Use a recent one over https or on localhost, and check that graphics acceleration is on.');
  inNode ??= loadPackage();
  return inNode;
}

/**
 * The adapter that the system offers first.
 *
 * @throws GpuError E_NO_GPU where there is no WebGPU or no adapter.
 */
export async function findAdapter(): Promise<FoundAdapter> {
  const gpu = await findGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new GpuError('E_NO_GPU', 'findAdapter: expected a graphics adapter but found none. Install a Vulkan, Metal or D3D12 driver.');
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const named = [...new Set([vendor, architecture, description === '' ? device : description])].filter((part) => part !== '').join(' ');
  return {
    adapter, software: isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|softwar|basic render/i.test(`${named} ${device}`), description: named === '' ? 'a graphics card' : named,
    // Older browsers have no list of what their WGSL can do.
    packedDot: (gpu as Partial<GPU>).wgslLanguageFeatures?.has('packed_4x8_integer_dot_product') ?? false,
  };
}

/** Takes a device with everything that the adapter offers, or without half precision and what is built on it. */
export async function requestDevice(adapter: GPUAdapter, { halfPrecision = true }: { halfPrecision?: boolean } = {}): Promise<GPUDevice> {
  const wanted = halfPrecision ? [...FEATURES, ...HALF_FEATURES] : FEATURES;
  const requiredFeatures = wanted.filter((name) => adapter.features.has(name)) as GPUFeatureName[];
  const requiredLimits = Object.fromEntries(SHOWN_LIMITS.map((name) => [name, adapter.limits[name]]));
  return adapter.requestDevice({ label: '@llm', requiredFeatures, requiredLimits });
}

/** The features of a device, as its adapter describes them. */
export function featuresOf(device: GPUDevice, { adapter, packedDot }: FoundAdapter): GpuFeatures {
  const configs = (adapter.info as { subgroupMatrixConfigs?: Iterable<{ M: number; N: number; K: number; componentType: string; resultComponentType: string }> }).subgroupMatrixConfigs;
  return {
    f16: device.features.has('shader-f16'),
    subgroups: device.features.has('subgroups'),
    timestamps: device.features.has('timestamp-query'),
    packedDot,
    matrixUnits: [...(device.features.has('chromium-experimental-subgroup-matrix') ? configs ?? [] : [])].map(({ M, N, K, componentType, resultComponentType }) => ({ m: M, n: N, k: K, component: componentType, result: resultComponentType })),
  };
}
