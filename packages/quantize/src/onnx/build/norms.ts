import { float, floatBytes } from '../formats/float-data.ts';
import { add, initializer } from '../graph.ts';
import { type Build, cast } from './frame.ts';

/** A stored vector, in 32 bits unless said otherwise. */
export function vector({ graph, source }: Build, path: string, type: 'float' | 'float16' = 'float'): string {
  const { length, values } = source.vector(path);
  return initializer(graph, { name: path, type, shape: [length], data: async () => floatBytes(await values(), type, path) });
}

/** x / √(mean x² + eps) · weight over the last axis, computed in 32 bits. */
export function rmsNorm(build: Build, x: string, { path, eps }: { path: string; eps: number }): string {
  const { graph, format } = build;
  const at = path.replace(/\.weight$/, '');
  const step = (op: string, ...inputs: string[]): string => add(graph, op, inputs, { at });
  const wide = cast(graph, x, { from: format.type, to: 'float', at });
  const squares = step('Pow', wide, float(graph, 2, 'float'));
  const mean = add(graph, 'ReduceMean', [squares], { at, attributes: { axes: { ints: [-1] }, keepdims: { int: 1 } } });
  const root = step('Sqrt', step('Add', mean, float(graph, eps, 'float')));
  // In this order onnxruntime knows it again and runs it as one.
  const normal = step('Mul', step('Div', wide, root), vector(build, path));
  return cast(graph, normal, { from: 'float', to: format.type, at });
}

/** (x − mean) / √(variance + eps) · weight + bias over the last axis, computed in 32 bits. */
export function layerNorm(build: Build, x: string, { path, eps }: { path: string; eps: number }): string {
  const { graph, format } = build;
  const wide = cast(graph, x, { from: format.type, to: 'float', at: path });
  const normal = add(graph, 'LayerNormalization', [wide, vector(build, `${path}.weight`), vector(build, `${path}.bias`)], {
    at: path, attributes: { axis: { int: -1 }, epsilon: { float: eps } },
  });
  return cast(graph, normal, { from: 'float', to: format.type, at: path });
}
