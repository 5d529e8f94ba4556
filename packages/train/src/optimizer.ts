import { keep, type Tensor, zerosLike } from '@llm/tensor';

/** What an optimizer remembers: tensors by name, for instance `m/model.norm.weight`. */
export type OptimizerState = Record<string, Tensor>;

export interface UpdateArguments {
  readonly params: Readonly<Record<string, Tensor>>;
  readonly grads: Readonly<Record<string, Tensor>>;
  readonly state: OptimizerState;
  /** Steps done before this one. */
  readonly step: number;
  /** Multiplies every gradient, as clipping does. */
  readonly scale: number | Tensor;
  /** What `rates` said of this step, where the update is compiled; then `step` is not to be used. */
  readonly rates?: Tensor;
}

/** How parameters change: `init` makes the state for parameters by path, `update` changes both in place. */
export interface Optimizer {
  readonly name: string;
  init(params: Readonly<Record<string, Tensor>>): OptimizerState;
  update(args: UpdateArguments): void;
  /** The numbers that change from step to step; an optimizer that has them can be compiled. */
  rates?(step: number): readonly number[];
  /** The learning rate of a step, for the log. */
  lr(step: number): number;
}

/** Weight decay only for matrices that are not embeddings: decaying norms and biases harms training. */
export function decaysByDefault(path: string, { rank }: Tensor): boolean {
  return rank >= 2 && !/embed|wte|wpe/.test(path);
}

/** A state of zeros shaped like the parameters, one tensor for each of `names` and each path: `m/<path>`, `v/<path>`. */
export function zeroState(params: Readonly<Record<string, Tensor>>, names: readonly string[]): OptimizerState {
  return Object.fromEntries(Object.entries(params).flatMap(([path, param]) => names.map((name) => [`${name}/${path}`, keep(zerosLike(param))])));
}

/** The state tensor of that name, or an error that says why it may be missing. */
export function stateOf(state: OptimizerState, name: string): Tensor {
  const tensor = state[name];
  if (tensor === undefined) {
    throw new RangeError(`optimizer: expected the state to hold ${name} but found none. Resume with the optimizer and trainable parameters that the state was made for.`);
  }
  return tensor;
}
