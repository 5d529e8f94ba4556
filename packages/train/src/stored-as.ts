import { isWeight, leaves, type Tensor, type Tree } from '@llm/tensor';

/** What is stored under one name: a tensor, or blocks of rows that are one matrix below each other. */
export type Stored = readonly [Tensor, ...Tensor[]];

/**
 * Tensors by the names under which they are stored: the blocks of a matrix, and whatever an optimizer keeps in the shape of each, as one,
 * so that a run goes on wherever the matrix is held in other blocks or in none.
 */
export function storedAs(tensors: Readonly<Record<string, Tensor>>, params: Tree): Map<string, Stored> {
  const wholeOf = new Map<string, { path: string; shape: string }>(leaves(params).flatMap(([path, leaf]) => (
    isWeight(leaf) && leaf.data !== undefined ? Object.entries(leaf.tensors).map(([name, { shape }]) => [`${path}.${name}`, { path, shape: shape.join() }] as const) : []
  )));
  const found = new Map<string, Stored>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const at = name.lastIndexOf('/') + 1;
    const whole = wholeOf.get(name.slice(at));
    const stored = whole?.shape === tensor.shape.join() ? name.slice(0, at) + whole.path : name;
    found.set(stored, [...found.get(stored) ?? [], tensor] as unknown as Stored);
  }
  return found;
}

/** The shape of blocks below each other. */
export const shapeOf = ([first, ...others]: Stored): readonly number[] => (
  others.length === 0 ? first.shape : [others.reduce((rows, { shape }) => rows + shape[0]!, first.shape[0]!), ...first.shape.slice(1)]
);

/** The values of blocks below each other. */
export async function valuesBelow([first, ...others]: Stored): Promise<Float32Array | Int32Array | Uint8Array> {
  if (others.length === 0) return (await first.data()) as Float32Array | Int32Array | Uint8Array;
  const values = new Float32Array(others.reduce((size, block) => size + block.size, first.size));
  let from = 0;
  for (const block of [first, ...others]) {
    values.set(await block.data(), from);
    from += block.size;
  }
  return values;
}
