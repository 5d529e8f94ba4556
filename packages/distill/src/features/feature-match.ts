import { type Activation, linear, randomNormal, type Tensor, type Tree } from '@llm/tensor';
import type { FeatureLoss } from './feature-loss.ts';

/** A layer of the student that is to become like one of the teacher. */
export interface FeatureMatch {
  /** States of the student as `capture` names them, such as `model.layers.1.mlp`, or `last` for those that the head reads. */
  readonly student: string;
  readonly teacher: string;
  readonly loss: FeatureLoss;
  /** Default 1. */
  readonly weight?: number;
  /** Of the projection, where `withProjections` made one; default none, as TextBrewer's `linear`. */
  readonly activation?: Activation;
}

/** Where projections stand in the student's tree. */
const PLACE = 'distill_projections';

/**
 * The student's tree with a matrix for each feature, [width of the teacher, width of the student], that is trained with it.
 *
 *   projected = activation(h_S · Wᵀ),  W ~ N(0, 1 / width of the student)
 *
 * Nothing is copied; `withoutProjections` gives the student alone, for saving.
 *
 * @example
 * ```ts
 * import { hiddenMse, withoutProjections, withProjections } from '@llm/distill';
 * import { flatten, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const tree = withProjections({ w: tensor([1]) }, { features: [{ student: 'last', teacher: 'last', loss: hiddenMse() }], width: 2, teacherWidth: 3, seed: 0 });
 * if (flatten(tree)['distill_projections.0']?.shape.join() !== '3,2' || Object.keys(withoutProjections(tree)).join() !== 'w') throw new Error('one matrix');
 * ```
 */
export function withProjections(params: Tree, { features, width, teacherWidth, seed }: {
  readonly features: readonly FeatureMatch[]; readonly width: number; readonly teacherWidth: number; readonly seed: number;
}): Tree {
  const matrices = Object.fromEntries(features.map((_, i) => [String(i), randomNormal([teacherWidth, width], { std: width ** -0.5, seed: seed + i })]));
  return { ...params, [PLACE]: matrices };
}

/**
 * The student's tree without projections; their tensors are not freed.
 *
 * @example
 * ```ts
 * import { withoutProjections } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * if (Object.keys(withoutProjections({ w: tensor([1]), distill_projections: {} })).join() !== 'w') throw new Error('the student alone');
 * ```
 */
export function withoutProjections(params: Tree): Tree {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name !== PLACE)) as Tree;
}

/** The student's states as they are compared. */
export function projected(states: Tensor, params: Tree, { index, activation = 'none' }: { readonly index: number; readonly activation?: Activation }): Tensor {
  const matrix = (params[PLACE] as Record<string, Tensor> | undefined)?.[String(index)];
  return matrix === undefined ? states : linear(states, matrix, { activation });
}
