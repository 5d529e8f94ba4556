import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid, type GpuProgram } from '../gpu/program.ts';
import type { GpuLaunch, Sizes } from '../kernel.ts';
import { countOf, type Definition, repeatOf } from './definition.ts';

/** Invocations of a workgroup. */
export const GROUP = 256;

/** The scalars of the program, in order. */
export function paramsOf({ inputs, uniforms }: Definition): Record<string, 'u32' | 'f32'> {
  return Object.fromEntries([
    ['count', 'u32'],
    ...inputs.flatMap(({ whole }, i) => (whole ? [] : [[`divisor${i}`, 'u32'], [`size${i}`, 'u32']])),
    ...uniforms.map((_, i) => [`u${i}`, 'f32']),
  ]);
}

/** The program of a definition from its compiled text. */
export const programOf = (definition: Definition, compiled: string): GpuProgram => defineProgram({
  name: definition.name,
  source: `${wgsl.portableMath}\n${compiled}`,
  bindings: [...definition.inputs.map(() => 'read' as const), ...definition.outputs.map(() => 'write' as const)],
  params: paramsOf(definition),
});

/** Runs a program of programOf. */
export function launchProgram(definition: Definition, program: GpuProgram, { at, dims, uniforms, run }: Pick<GpuLaunch, 'at' | 'uniforms' | 'run'> & { dims: Sizes }): void {
  const count = countOf(definition, dims);
  const repeats = definition.inputs.flatMap((input, i) => {
    const { divisor, size } = repeatOf(definition, input, dims);
    return input.whole ? [] : [[`divisor${i}`, divisor], [`size${i}`, size]];
  });
  run(program, {
    bind: [...definition.inputs, ...definition.outputs].map(({ name }) => at[name]),
    params: Object.fromEntries([['count', count], ...repeats, ...definition.uniforms.map((name, i) => [`u${i}`, uniforms[name] ?? 0])]),
    grid: flatGrid(count, GROUP),
  });
}
