import type { FoundAdapter, GpuFeatures } from '@llm/kernels';

/** What a graphics card says of itself through WebGPU, as it crosses from one process to another. */
export interface GpuFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** A processor that imitates a graphics card. */
  readonly software: boolean;
  readonly features: GpuFeatures;
  /** Lanes that run in step, the fewest and the most; absent where the adapter does not say. */
  readonly subgroupSizes?: readonly [number, number];
  readonly limits: Readonly<Record<(typeof SHOWN_LIMITS)[number], number>>;
}

/** The limits that decide what fits and how fast it runs. */
export const SHOWN_LIMITS = [
  'maxBufferSize', 'maxStorageBufferBindingSize', 'maxUniformBufferBindingSize', 'maxStorageBuffersPerShaderStage', 'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup', 'maxComputeWorkgroupsPerDimension',
] as const;

/** The most bytes of one tensor: it is one buffer, bound as a whole. Larger matrices are held as blocks of rows. */
export function mostTensorBytes({ limits: { maxBufferSize, maxStorageBufferBindingSize } }: Pick<GpuFacts, 'limits'>): number {
  return Math.min(maxBufferSize, maxStorageBufferBindingSize);
}

/** The facts of an open device. */
export function factsOf({ adapter: { adapter, software, description }, features, limits }: { adapter: FoundAdapter; features: GpuFeatures; limits: GPUSupportedLimits }): GpuFacts {
  const { vendor, architecture, subgroupMinSize, subgroupMaxSize } = adapter.info as GPUAdapterInfo & { subgroupMinSize?: number; subgroupMaxSize?: number };
  return {
    vendor, architecture, description, software, features,
    ...(subgroupMinSize === undefined || subgroupMaxSize === undefined ? {} : { subgroupSizes: [subgroupMinSize, subgroupMaxSize] }),
    limits: Object.fromEntries(SHOWN_LIMITS.map((name) => [name, limits[name]])) as GpuFacts['limits'],
  };
}
