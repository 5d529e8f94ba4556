import { compiled } from './compiled.ts';

/** Super-blocks that are fitted in one call. */
export const BATCH = 64;
const VALUES = 256 * BATCH;

interface Exports {
  readonly memory: WebAssembly.Memory;
  fitScaleMin(blocks: number, size: number, x: number, w: number, codes: number, scales: number, mins: number, levels: number, first: number, delta: number, steps: number, absolute: number): void;
  fitScale(blocks: number, size: number, x: number, w: number, codes: number, scales: number, levels: number): void;
  spreadWeights(blocks: number, x: number, w: number): void;
  requantize(blocks: number, size: number, x: number, codes: number, scales: number, mins: number, low: number, high: number, bias: number): void;
  quantizeQ8(blocks: number, x: number, out: number): void;
}

/** The compiled inner loops with the memory that they work on; `at` says where each part of it begins. */
export interface BlockFits {
  readonly run: Omit<Exports, 'memory'>;
  readonly at: { readonly x: number; readonly w: number; readonly codes: number; readonly scales: number; readonly mins: number; readonly out: number };
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly codes: Uint8Array;
  readonly scales: Float32Array;
  readonly mins: Float32Array;
  readonly out: Uint8Array;
}

let made: BlockFits | undefined;

/** The loops, compiled at the first call. */
export function blockFits(): BlockFits {
  if (made !== undefined) return made;
  const bytes = Uint8Array.from(atob(compiled), (letter) => letter.charCodeAt(0));
  const { memory, ...run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Exports;
  // Behind the page of its own data: values and weights, codes, a scale and a lower end for each 16 values, and blocks of Q8_0.
  const sizes = { x: 4 * VALUES, w: 4 * VALUES, codes: VALUES, scales: VALUES / 4, mins: VALUES / 4, out: (34 * VALUES) / 32 };
  let next = 65_536;
  const at = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, (next += size) - size])) as unknown as BlockFits['at'];
  memory.grow(Math.ceil(next / 65_536) - memory.buffer.byteLength / 65_536);
  const floats = (name: 'x' | 'w' | 'scales' | 'mins'): Float32Array => new Float32Array(memory.buffer, at[name], sizes[name] / 4);
  const words = (name: 'codes' | 'out'): Uint8Array => new Uint8Array(memory.buffer, at[name], sizes[name]);
  made = { run, at, x: floats('x'), w: floats('w'), codes: words('codes'), scales: floats('scales'), mins: floats('mins'), out: words('out') };
  return made;
}
