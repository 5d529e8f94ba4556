/** The type of one scalar of a program's `params`. */
export type Scalar = 'u32' | 'i32' | 'f32';

/**
 * A WGSL program: its entry point is `main`, its scalars are `@group(0) @binding(0) var<uniform> params`, and its storage
 * buffers follow from binding 1 on in the order of `bindings`. What is known when the pipeline is made is an `override`.
 */
export interface GpuProgram<P extends Readonly<Record<string, Scalar>> = Readonly<Record<string, Scalar>>> {
  /** Named in every error. */
  readonly name: string;
  readonly source: string;
  readonly bindings: readonly ('read' | 'write')[];
  /** The fields of the struct of scalars, in order. */
  readonly params: P;
}

/** One run of a program. */
export interface ProgramCall<P extends Readonly<Record<string, Scalar>> = Readonly<Record<string, Scalar>>> {
  /** One for each binding; undefined stands for an optional port that is absent, and binds a few bytes of nothing. */
  readonly bind: readonly (GpuMemory | undefined)[];
  readonly params: { readonly [K in keyof P]: number };
  /** Workgroups in x, y and z; with none in some direction nothing runs. */
  readonly grid: readonly [number, number?, number?];
  /** Values of the program's `override` constants; each set of values is a pipeline of its own, made once. */
  readonly constants?: Readonly<Record<string, number>>;
}

/** A call of a pipeline that was not made from a `GpuProgram`: storage buffers first, then its uniforms. */
export interface RawCall {
  readonly pipeline: GPUComputePipeline;
  readonly storage: readonly GpuMemory[];
  readonly uniforms: ArrayBuffer;
  readonly grid: readonly [number, number, number];
}

/** Memory on the graphics card: `bytes` of a buffer from its start. Buffers are shared out by a pool and may be larger. */
export interface GpuMemory {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

/** Changes nothing: it checks that a call gives each scalar. */
export function defineProgram<const P extends Readonly<Record<string, Scalar>>>(program: GpuProgram<P>): GpuProgram<P> {
  return program;
}

/** The most workgroups in one direction that every device grants. */
const MOST_GROUPS = 65_535;

/** A grid for `count` elements, `perGroup` to a workgroup; the program numbers its workgroups `id.y * groups.x + id.x`. */
export function flatGrid(count: number, perGroup: number): [number, number] {
  const groups = Math.ceil(count / perGroup);
  const rows = Math.max(1, Math.ceil(groups / MOST_GROUPS));
  return [Math.ceil(groups / rows), rows];
}
