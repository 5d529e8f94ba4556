import type { ApplyOptions, Model, Parameter } from '@llm/model';
import { disposeTree, type Leaf, linear, randomNormal, reshape, type Tensor, type Tree, zeros } from '@llm/tensor';

/** A body of a causal model with a small head of its own in place of the one over the vocabulary. */
export interface HeadedModel<Config = unknown> extends Pick<Model<Config>, 'config' | 'shape' | 'parameters' | 'init' | 'hidden'> {
  /** How many numbers the head gives for each token. */
  readonly labels: number;
  /** hidden [..., width] → [...] with one label, [..., labels] with more. */
  head(params: Tree, hidden: Tensor): Tensor;
  /**
   * The tree of this model over the body of a causal model's tree, with a new head. The tensors of the body are shared, not copied:
   * training one moves the other.
   */
  from(params: Tree, options: { readonly seed: number }): Tree;
}

export interface HeadOptions {
  /** Numbers for each token; default 1. */
  readonly labels?: number;
  /** Adds a bias to each; default false. */
  readonly bias?: boolean;
  /** Where the head stands in the tree: `score` in Hugging Face's classes for Llama and Qwen, and for GPT-2 as a classifier of sequences. */
  readonly name?: string;
  /** The head begins as N(0, std²); default 0.02. */
  readonly initialStd?: number;
}

/**
 * A causal model whose head gives a few numbers for each token instead of logits: reward models, value functions and classifiers.
 *
 *   s_t = W h_t (+ b),  W [labels, width]
 *
 * `hidden` reads the same tree, so that `hiddenOf`, `paramsFromTensors` and `tensorsFromParams` take it like any model.
 *
 * @throws RangeError for a number of labels below 1.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { withHead } from '@llm/preference';
 * import { ones, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const value = withHead(createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 }));
 * const { shape } = value.head(value.init(0), ones([2, 3, 8]));
 * if (shape.join() !== '2,3') throw new Error('one number for each token');
 * ```
 */
export function withHead<Config>(model: Model<Config>, { labels = 1, bias = false, name = 'score', initialStd = 0.02 }: HeadOptions = {}): HeadedModel<Config> {
  if (!Number.isSafeInteger(labels) || labels < 1) throw new RangeError(`withHead: expected labels to be a whole number from 1 on but found ${labels}`);
  const { width } = model.shape;
  const added: Parameter[] = [
    { name: `${name}.weight`, shape: [labels, width], initial: initialStd },
    ...(bias ? [{ name: `${name}.bias`, shape: [labels], initial: 'zeros' } as const] : []),
  ];
  const head = ({ seed }: { seed: number }): Tree => ({
    weight: randomNormal([labels, width], { std: initialStd, seed, stream: `${name}.weight` }), ...(bias ? { bias: zeros([labels]) } : {}),
  });
  const body = (params: Tree): Tree => Object.fromEntries(Object.entries(params).filter(([key]) => key !== 'lm_head'));
  return {
    config: model.config,
    // Whoever reads a checkpoint by this shape must not look for a head over the vocabulary.
    shape: { ...model.shape, tied: false },
    parameters: [...model.parameters.filter((parameter) => parameter.name !== 'lm_head.weight'), ...added],
    labels,
    init: (seed) => {
      const { lm_head, ...rest } = model.init(seed) as Record<string, Tree>;
      if (lm_head !== undefined) disposeTree(lm_head);
      return { ...rest, [name]: head({ seed }) };
    },
    from: (params, { seed }) => ({ ...body(params), [name]: head({ seed }) }),
    hidden: (params, inputs, options?: ApplyOptions) => model.hidden(params, inputs, options),
    head: (params, hidden) => {
      const own = params[name] as { weight?: Leaf; bias?: Tensor } | undefined;
      if (own?.weight === undefined) throw new TypeError(`withHead: expected ${name}.weight in the tree but found none. Make the tree with init or from.`);
      const scores = linear(hidden, own.weight, { bias: own.bias });
      return labels === 1 ? reshape(scores, hidden.shape.slice(0, -1)) : scores;
    },
  };
}
