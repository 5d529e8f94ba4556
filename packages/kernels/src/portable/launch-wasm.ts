import type { Launch, Sizes } from '../kernel.ts';
import type { WasmDevice } from '../runtime/wasm-device.ts';
import { countOf, type Definition, repeatOf } from './definition.ts';

type Exports = Record<string, (...args: number[]) => void>;

/** What gpu.js computes outside of WebAssembly: the rarer functions of Math. */
const MATH: Readonly<Record<string, (...values: number[]) => number>> = Object.fromEntries(
  (['sign', 'cbrt', 'exp', 'expm1', 'log', 'log1p', 'log2', 'log10', 'sin', 'cos', 'tan', 'sinh', 'cosh', 'tanh', 'pow'] as const).map((name) => [`math_${name}`, Math[name]]),
);

/** Says so where it is the page that forbids WebAssembly. */
export function explainWasm(error: unknown, name: string): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (!/content security policy|unsafe-eval|blocked by csp|disallowed by embedder/i.test(message)) return error;
  return new Error(`${name}: expected to compile WebAssembly but found a Content-Security-Policy that forbids it. Add 'wasm-unsafe-eval' to script-src. (${message})`, { cause: error });
}

const linked = new WeakMap<WasmDevice, Map<string, Exports>>();

/** The compiled functions over the memory of a device, made once. */
function exportsOf(device: WasmDevice, compiled: string, name: string): Exports {
  const all = linked.get(device) ?? new Map<string, Exports>();
  linked.set(device, all);
  let exports = all.get(compiled);
  if (exports === undefined) {
    try {
      exports = device.link(Uint8Array.from(atob(compiled), (character) => character.charCodeAt(0)), MATH) as Exports;
    } catch (error) {
      throw explainWasm(error, name);
    }
    all.set(compiled, exports);
  }
  return exports;
}

/** Runs the compiled functions of a definition on memory of a device. */
export function launchWasm(definition: Definition, compiled: string, { at, dims, uniforms, device, temporary }: Pick<Launch, 'at' | 'uniforms' | 'device' | 'temporary'> & { dims: Sizes }): void {
  const count = countOf(definition, dims);
  if (count === 0) return;
  // The last elements may be done twice, which a result in the place of an input would not bear.
  const twin = definition.inputs.find((input) => definition.outputs.some((output) => at[input.name] === at[output.name]));
  if (twin !== undefined) throw new RangeError(`${definition.name}: expected memory of its own for what it writes but found that of ${twin.name}. Write to another tensor.`);
  const exports = exportsOf(device, compiled, definition.name);
  device.touched();
  const scalars = definition.uniforms.map((name) => uniforms[name] ?? 0);
  const repeats = definition.inputs.map((input) => repeatOf(definition, input, dims));
  // Four elements at a time: fewer are copied to a place of four, with the last one again.
  const few = count < 4;
  const inputs = definition.inputs.flatMap(({ name, whole }, i) => {
    const { divisor, size } = repeats[i]!;
    if (!few) return whole ? [at[name]!] : [at[name]!, divisor, size];
    const copy = temporary(16);
    const from = device.i32(at[name]!, size);
    device.i32(copy, 4).set([0, 1, 2, 3].map((cell) => from[Math.floor(Math.min(cell, count - 1) / divisor) % size]!));
    return whole ? [copy] : [copy, 1, 4];
  });
  definition.outputs.forEach(({ name }, i) => {
    const out = few ? temporary(16) : at[name]!;
    exports[`run${i}`]!(0, Math.max(4, count), ...inputs, out, ...scalars);
    if (few) device.f32(at[name]!, count).set(device.f32(out, count));
  });
}
