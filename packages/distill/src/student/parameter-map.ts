import type { Model, ModelConfig } from '@llm/model';
import { isWeight, type Leaf, leaves, mul, type Tensor, type Tree } from '@llm/tensor';

/** Where a parameter of a student came from. */
export interface ParameterOrigin {
  /** Its name and shape in the student. */
  readonly to: string;
  readonly shape: readonly number[];
  /** The teacher's parameter that it was made of. */
  readonly from: string;
  readonly fromShape: readonly number[];
}

/** A student that begins as a part of its teacher. */
export interface Student {
  readonly model: Model<ModelConfig>;
  /** Memory of its own: training the student leaves the teacher as it is. */
  readonly params: Tree;
  /** What became of the teacher's parameters, in the student's order. */
  readonly map: readonly ParameterOrigin[];
}

/** A model with its parameters. */
export interface Source {
  readonly model: Model<ModelConfig>;
  readonly params: Tree;
}

/** A leaf as a tensor with memory of its own: a weight in few bits, or with an adapter, as the matrix that it stands for. */
export function ownTensor(leaf: Leaf, path: string): Tensor {
  if (!isWeight(leaf)) return mul(leaf, 1);
  if (leaf.matrix === undefined) throw new TypeError(`student: expected a tensor, or a weight that shows its matrix, but found another at ${path}. Merge the tree first.`);
  return mul(leaf.matrix(), 1);
}

/** The leaves of a tree by their paths; those that do not belong to the model, as a tied head that was written out, are not among them. */
export function leavesOf({ model, params }: Source): Map<string, Leaf> {
  const names = new Set(model.parameters.map(({ name }) => name));
  return new Map(leaves(params).filter(([path]) => names.has(path)));
}

/** A map as lines: `student name [shape] ← teacher name [shape]`. */
export function originText({ to, shape, from, fromShape }: ParameterOrigin): string {
  return `${to} [${shape.join(', ')}] ← ${from === to ? '' : `${from} `}[${fromShape.join(', ')}]`;
}
