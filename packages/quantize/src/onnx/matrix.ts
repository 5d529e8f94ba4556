import type { Parameter } from '@llm/model';
import { isWeight, type Leaf, leaves, type Tensor, type Tree } from '@llm/tensor';
import { OnnxError } from './errors.ts';

/** A matrix of the model, read only when it is written. */
export interface OnnxMatrix {
  /** The path of its leaf, which names what is stored of it. */
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
  readonly leaf: Leaf;
  /** Its values in rows of one output each, [outputs, inputs], or turned, [inputs, outputs]. */
  values(order: 'outputs' | 'inputs'): Promise<Float32Array>;
}

/** What a model is made of, by path. */
export interface OnnxSource {
  /** `transposed`: stored [inputs, outputs] in the tree, as GPT-2's Conv1D has it. */
  matrix(path: string, options?: { transposed?: boolean }): OnnxMatrix;
  vector(path: string): { readonly name: string; readonly length: number; values(): Promise<Float32Array> };
  has(path: string): boolean;
}

/**
 * Reads the leaves of a tree by path. Every leaf may be a weight that can say its matrix: one in few bits, or with an adapter over it.
 *
 * @throws OnnxError E_WEIGHTS for a tree of another model.
 */
export function sourceOf({ parameters }: { readonly parameters: readonly Parameter[] }, params: Tree): OnnxSource {
  const found = new Map(leaves(params));
  checkShapes(parameters, found);
  const at = (path: string): Leaf => found.get(path)!;
  return {
    has: (path) => found.has(path),
    matrix(path, { transposed = false } = {}) {
      const leaf = at(path);
      const [first = 0, second = 0] = leaf.shape;
      // A weight says [out, in] of itself, however it is stored.
      const [outputs, inputs] = transposed && !isWeight(leaf) ? [second, first] : [first, second];
      return {
        name: path, outputs, inputs, leaf,
        async values(order) {
          const values = await valuesOf(path, leaf);
          const stored = transposed ? 'inputs' : 'outputs';
          if (order === stored) return values;
          return turned(values, stored === 'inputs' ? [inputs, outputs] : [outputs, inputs]);
        },
      };
    },
    vector(path) {
      const leaf = at(path);
      return { name: path, length: leaf.shape[0] ?? 0, values: () => valuesOf(path, leaf) };
    },
  };
}

function checkShapes(parameters: readonly Parameter[], found: ReadonlyMap<string, Leaf>): void {
  const problems = parameters.flatMap(({ name, shape }) => {
    const leaf = found.get(name);
    if (leaf === undefined) return [`${name} is missing`];
    // A weight says [out, in] of itself, however it is stored.
    const same = [leaf.shape, ...(isWeight(leaf) ? [[...leaf.shape].reverse()] : [])].some((each) => each.join() === shape.join());
    return same ? [] : [`${name} has shape [${leaf.shape.join(', ')}] where the configuration has [${shape.join(', ')}]`];
  });
  const known = new Set(parameters.map(({ name }) => name));
  for (const name of found.keys()) if (!known.has(name)) problems.push(`${name} is no parameter of this model`);
  if (problems.length === 0) return;
  throw new OnnxError('E_WEIGHTS', `onnxModel: expected the ${parameters.length} tensors of the model but found ${problems.length} that differ: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? '; …' : ''}. Give the parameters with the model they belong to.`);
}

async function valuesOf(path: string, leaf: Leaf): Promise<Float32Array> {
  if (!isWeight(leaf) || leaf.data !== undefined) return await leaf.data!() as Float32Array;
  const matrix: Tensor | undefined = leaf.matrix?.();
  if (matrix === undefined) throw new OnnxError('E_WEIGHTS', `onnxModel: expected a weight that can say its matrix but found one that cannot at ${path}. Merge it first.`);
  try {
    return await matrix.data() as Float32Array;
  } finally {
    matrix.dispose();
  }
}

/** [rows, cols] → [cols, rows]. */
export function turned<T extends Float32Array | Int8Array>(values: T, [rows, cols]: readonly [number, number]): T {
  const out = values.slice() as T;
  for (let row = 0; row < rows; row++) for (let col = 0; col < cols; col++) out[col * rows + row] = values[row * cols + col]!;
  return out;
}
