import { compileWasm } from './compile-wasm.ts';
import { compileWgsl } from './compile-wgsl.ts';
import type { Definition } from './definition.ts';
import { loadGpuJs } from './gpujs.ts';

/** Compiles the functions of a definition for every device, with the gpu.js that is given or installed. */
export async function compilePortable(definition: Definition, given: unknown): Promise<{ wgsl: string; wasm: string }> {
  const gpujs = await loadGpuJs(given);
  const wgsl = compileWgsl(gpujs, definition);
  const bytes = compileWasm(gpujs, definition);
  if (typeof WebAssembly !== 'undefined' && !WebAssembly.validate(bytes as BufferSource)) throw new Error(`${definition.name}: expected gpu.js to make a valid module but found one that is not. Please report the function.`);
  return { wgsl, wasm: btoa(String.fromCharCode(...bytes)) };
}
