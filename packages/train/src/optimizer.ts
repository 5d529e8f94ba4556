import type { Tensor } from '@llm/tensor';

/** A learning rate: one number, or one for each step (from 0). */
export type LearningRate = number | ((step: number) => number);

/** What an optimizer remembers: tensors by name, for instance `m/model.norm.weight`. */
export type OptimizerState = Record<string, Tensor>;

export interface UpdateArguments {
  readonly params: Readonly<Record<string, Tensor>>;
  readonly grads: Readonly<Record<string, Tensor>>;
  readonly state: OptimizerState;
  /** Steps done before this one. */
  readonly step: number;
  /** Multiplies every gradient, as clipping does. */
  readonly scale: number;
}

/** How parameters change: `init` makes the state for parameters by path, `update` changes both in place. */
export interface Optimizer {
  readonly name: string;
  init(params: Readonly<Record<string, Tensor>>): OptimizerState;
  update(args: UpdateArguments): void;
  /** The learning rate of a step, for the log. */
  lr(step: number): number;
}

export function rateAt(lr: LearningRate, step: number): number {
  return typeof lr === 'number' ? lr : lr(step);
}

/** Weight decay only for matrices that are not embeddings: decaying norms and biases harms training. */
export function decaysByDefault(path: string, { rank }: Tensor): boolean {
  return rank >= 2 && !/embed|wte|wpe/.test(path);
}
