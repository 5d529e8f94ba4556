import { fromFloat32 } from '@llm/tensor';
import { OnnxError } from '../errors.ts';
import type { OnnxGraph } from '../graph.ts';
import { initializer } from '../graph.ts';

/** The largest number that rounds to a finite float16 lies below this. */
const F16_LIMIT = 65_520;

/** Floats as they are stored. */
export function floatBytes(values: Float32Array, type: 'float' | 'float16', name: string): Uint8Array {
  const at = values.findIndex((value) => !(Math.abs(value) < (type === 'float' ? Infinity : F16_LIMIT)));
  if (at >= 0) {
    throw new OnnxError('E_RANGE', `onnxModel: expected numbers that ${type} can hold but found ${values[at]} in ${name}. ${Number.isFinite(values[at]) ? 'Export it as fp32.' : 'Look for what broke the weights.'}`);
  }
  return fromFloat32(values, type === 'float' ? 'F32' : 'F16').data;
}

/** A stored number. */
export function float(graph: OnnxGraph, value: number, type: 'float' | 'float16'): string {
  const name = `const/${type}_${value}`;
  const data = floatBytes(Float32Array.of(value), type, name);
  return initializer(graph, { name, type, shape: [], data: () => data });
}
