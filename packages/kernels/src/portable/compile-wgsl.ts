import { type Definition, parametersOf } from './definition.ts';
import { type GpuJs, nodeOf } from './gpujs.ts';
import { GROUP, paramsOf } from './launch-wgsl.ts';
import { readSource, sourceOf } from './read-source.ts';
import { lowerFunction, type Parameter } from './statements.ts';

/** One function as gpu.js writes it: `fn fn_f0(user_p0 : f32, …) -> f32 { … }`. */
function translate(gpujs: GpuJs, definition: Definition, output: number): string {
  const { name, inputs, uniforms, index, outputs } = definition;
  const named = (letter: string) => (place: number): Parameter['read'] => (make) => make('Identifier', { name: `${letter}${place}` });
  const parameters = parametersOf(definition, { input: named('p'), uniform: named('u'), index: (make) => make('Identifier', { name: 'i' }) });
  const source = sourceOf(outputs[output]!.fn);
  const ast = lowerFunction(readSource(gpujs, { name, source }), { name, source, parameters });
  const node = nodeOf(gpujs.WGSLFunctionNode, {
    ast, name: `f${output}`, returnType: 'Number', isRootKernel: false, output: [1],
    argumentNames: [...inputs.map((_, i) => `p${i}`), ...uniforms.map((_, i) => `u${i}`), ...(index ? ['i'] : [])],
    argumentTypes: [...inputs.map(({ isInt }) => (isInt ? 'Integer' : 'Number')), ...uniforms.map(() => 'Number'), ...(index ? ['Integer'] : [])],
  });
  // Two minus signs in a row would be an operator of their own; names of the user's never look like those of Math here.
  return node.toString().replaceAll('--', '- -').replace(/\b(?:sinh?|cos|tanh?)\(/g, 'js_$&');
}

/** The program in WGSL, without the functions of Math that stand in front of it: one element to an invocation. */
export function compileWgsl(gpujs: GpuJs, definition: Definition): string {
  const { inputs, outputs, uniforms, index } = definition;
  const bindings = [
    ...inputs.map(({ isInt }, i) => `var<storage, read> in${i}: array<${isInt ? 'i32' : 'f32'}>;`),
    ...outputs.map((_, i) => `var<storage, read_write> out${i}: array<f32>;`),
  ].map((binding, i) => `@group(0) @binding(${i + 1}) ${binding}`);
  const given = [
    ...inputs.map(({ whole }, i) => `in${i}[${whole ? 'i' : `(i / params.divisor${i}) % params.size${i}`}]`),
    ...uniforms.map((_, i) => `params.u${i}`),
    ...(index ? ['i32(i)'] : []),
  ].join(', ');
  return [
    `struct Params { ${Object.entries(paramsOf(definition)).map(([name, type]) => `${name}: ${type}`).join(', ')} }`,
    '@group(0) @binding(0) var<uniform> params: Params;',
    ...bindings,
    ...outputs.map((_, i) => translate(gpujs, definition, i)),
    `@compute @workgroup_size(${GROUP})`,
    'fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {',
    `  let i = (id.y * groups.x + id.x) * ${GROUP}u + lane;`,
    '  if (i >= params.count) { return; }',
    ...outputs.map((_, o) => `  out${o}[i] = fn_f${o}(${given});`),
    '}',
  ].join('\n');
}
