import { COMPUTE } from './flags.ts';
import type { Faults } from './faults.ts';
import { briefly, GpuError } from './gpu-error.ts';
import type { GpuProgram, Scalar } from './program.ts';

/** A compiled program with what it takes to call it. */
export interface Compiled {
  readonly id: number;
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiles programs, each set of constants once. A program that does not compile is a fault that names it. */
export function createPipelines(device: GPUDevice, { within }: Faults): (program: GpuProgram, constants: Readonly<Record<string, number>>) => Compiled {
  const layouts = new Map<string, { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();
  const modules = new WeakMap<GpuProgram, GPUShaderModule>();
  const pipelines = new WeakMap<GpuProgram, Map<string, Compiled>>();
  let nextId = 0;

  const layoutOf = (bindings: readonly string[]): { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout } => {
    const key = bindings.join();
    const known = layouts.get(key);
    if (known !== undefined) return known;
    const group = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
        ...bindings.map((access, i) => ({
          binding: i + 1, visibility: COMPUTE, buffer: { type: access === 'read' ? 'read-only-storage' as const : 'storage' as const },
        })),
      ],
    });
    const made = { group, pipeline: device.createPipelineLayout({ bindGroupLayouts: [group] }) };
    layouts.set(key, made);
    return made;
  };

  const explain = async (name: string, shader: GPUShaderModule, error: GPUError): Promise<GpuError> => {
    const { messages } = await shader.getCompilationInfo();
    const [first] = messages.filter(({ type }) => type === 'error');
    const where = first === undefined ? briefly(error.message) : `${briefly(first.message)} (line ${first.lineNum})`;
    return new GpuError('E_GPU_VALIDATION', `${name}: expected a program that this graphics card compiles but found: ${where}. Report it with the output of \`llm doctor\`, or use the device wasm.`);
  };

  return (program, constants) => {
    let variants = pipelines.get(program);
    if (variants === undefined) pipelines.set(program, variants = new Map());
    const key = Object.entries(constants).map(([name, value]) => `${name}=${value}`).join();
    const known = variants.get(key);
    if (known !== undefined) return known;
    const { group, pipeline: layout } = layoutOf(program.bindings);
    let shader: GPUShaderModule;
    const pipeline = within('validation', () => {
      shader = modules.get(program) ?? device.createShaderModule({ label: program.name, code: program.source });
      modules.set(program, shader);
      return device.createComputePipeline({ label: program.name, layout, compute: { module: shader, entryPoint: 'main', constants: { ...constants } } });
    }, (error) => explain(program.name, shader, error));
    const compiled = { id: nextId++, name: program.name, pipeline, layout: group };
    variants.set(key, compiled);
    return compiled;
  };
}

/** The scalars of a call as the bytes of the program's uniform struct. */
export function packParams(name: string, fields: Readonly<Record<string, Scalar>>, values: Readonly<Record<string, number>>): ArrayBuffer {
  const entries = Object.entries(fields);
  const bytes = new ArrayBuffer(Math.max(16, Math.ceil(entries.length / 4) * 16));
  const view = new DataView(bytes);
  entries.forEach(([field, type], i) => {
    const value = values[field];
    if (value === undefined) throw new TypeError(`${name}: expected the scalar ${field} but found none`);
    if (type === 'f32') view.setFloat32(4 * i, value, true);
    else if (type === 'i32') view.setInt32(4 * i, value, true);
    else view.setUint32(4 * i, value, true);
  });
  return bytes;
}
