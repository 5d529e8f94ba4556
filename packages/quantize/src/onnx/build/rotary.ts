import { type LlamaConfig, rotation } from '@llm/model';
import { floatBytes } from '../formats/float-data.ts';
import { add, initializer, ints } from '../graph.ts';
import type { Build, Frame } from './frame.ts';

/** Names of the cosines and of the sines whose first half is negated, [batch, 1, length, headDim], for all layers. */
export interface Rotary {
  readonly cos: string;
  readonly sin: string;
}

/** Rows of the tables of rotations, which are stored up to the last position of the context, by position. */
export function addRotary({ graph, format: { type } }: Build, { positions }: Frame, config: LlamaConfig): Rotary {
  const at = 'rotary';
  const { headDim, maxPositions, ropeTheta: theta, ropeScaling: scaling } = config;
  const rowsOf = (part: 'cos' | 'sin'): string => {
    const name = `${at}.${part}`;
    const data = async (): Promise<Uint8Array> => {
      const tables = rotation({ headDim, positions: maxPositions, theta, scaling });
      try {
        return floatBytes(await tables[part].data() as Float32Array, type, name);
      } finally {
        tables.cos.dispose();
        tables.sin.dispose();
      }
    };
    return add(graph, 'Gather', [initializer(graph, { name, type, shape: [maxPositions, headDim / 2], data }), positions], { at });
  };
  const both = (first: string, second: string): string => add(graph, 'Unsqueeze', [
    add(graph, 'Concat', [first, second], { at, attributes: { axis: { int: -1 } } }), ints(graph, [1]),
  ], { at });
  const [cos, sin] = [rowsOf('cos'), rowsOf('sin')];
  return { cos: both(cos, cos), sin: both(add(graph, 'Neg', [sin], { at }), sin) };
}

/** Turns pairs of the first and the second half: x · cos + [x₂, x₁] · [−sin, sin]; x [batch, heads, length, headDim]. */
export function rotate({ graph }: Build, x: string, { cos, sin, at }: Rotary & { at: string }): string {
  const [first, second] = [`${at}/first`, `${at}/second`];
  add(graph, 'Split', [x], { at, outputs: [first, second], attributes: { axis: { int: -1 } } });
  const swapped = add(graph, 'Concat', [second, first], { at, attributes: { axis: { int: -1 } } });
  return add(graph, 'Add', [add(graph, 'Mul', [x, cos], { at }), add(graph, 'Mul', [swapped, sin], { at })], { at });
}
