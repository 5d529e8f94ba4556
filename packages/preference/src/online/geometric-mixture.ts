import type { KvCache, Model, ModelInputs } from '@llm/model';
import { add, concat, flatten, type Leaf, linear, mul, slice, type Tensor, type Tree, type Weight } from '@llm/tensor';

/** The trees of both players. */
export interface MixtureParams extends Tree {
  readonly policy: Tree;
  readonly reference: Tree;
}

/**
 * A model that draws from the geometric mixture of a policy and a reference of the same architecture, for `rollouts` and `generate`.
 *
 *   logits = (1 − share) · logits_π + share · logits_ref
 *
 * Its tree is `{ policy, reference }`. With an adapter both are the same body, once with the adapter on and once off.
 *
 * @throws RangeError for a share outside [0, 1].
 *
 * @example
 * ```ts
 * import { createModel, generate } from '@llm/model';
 * import { geometricMixture } from '@llm/preference';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const params = { policy: model.init(0), reference: model.init(1) };
 * for await (const { id } of generate(geometricMixture(model, { share: 0.5 }), params, [[1, 2]], { maxTokens: 2 })) if (id > 15) throw new Error('a token');
 * ```
 */
export function geometricMixture(model: Model, { share = 0.5 }: { share?: number } = {}): Model {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`geometricMixture: expected a share in [0, 1] but found ${share}`);
  const { layers, width } = model.shape;
  const players = (params: Tree): readonly [Tree, Tree] => {
    const { policy, reference } = params as Partial<MixtureParams>;
    if (policy === undefined || reference === undefined) throw new TypeError('geometricMixture: expected a tree { policy, reference } but found one without. Give both trees.');
    return [policy, reference];
  };
  const hidden: Model['hidden'] = (params, { cache, ...inputs }, options) => {
    const [policy, reference] = players(params);
    // Both fill the same places of one cache, the reference behind the layers of the policy; the last to run counts them.
    const first = cache && { ...cache, advance: () => {} };
    const second = cache && { ...cache, append: (layer: number, k: Tensor, v: Tensor) => cache.append(layer + layers, k, v) };
    const run = (tree: Tree, own: KvCache | undefined): Tensor => model.hidden(tree, { ...inputs, cache: own } as ModelInputs, options);
    return concat([run(policy, first), run(reference, second)], -1);
  };
  const head = (params: Tree): Leaf => {
    const [policy, reference] = players(params).map((tree) => model.head(tree)) as [Leaf, Leaf];
    return both(policy, reference, { share, width });
  };
  return {
    config: model.config,
    shape: { ...model.shape, layers: 2 * layers, width: 2 * width },
    parameters: model.parameters.flatMap((parameter) => ['policy', 'reference'].map((name) => ({ ...parameter, name: `${name}.${parameter.name}` }))),
    init: (seed) => ({ policy: model.init(seed), reference: model.init(seed) }),
    hidden,
    head,
    apply: (params, inputs, options) => linear(hidden(params, inputs, options), head(params)),
  };
}

/** The heads of both players side by side, each over its half of the states. */
function both(policy: Leaf, reference: Leaf, { share, width }: { share: number; width: number }): Weight {
  const tensors = flatten({ policy, reference });
  return {
    shape: [policy.shape[0]!, 2 * width],
    tensors,
    with: () => { throw new TypeError('geometricMixture: expected to be sampled from but found other tensors. Train the policy itself.'); },
    apply: (x) => {
      const half = (index: number): Tensor => slice(x, [...x.shape.slice(0, -1).map(() => 0), index * width], [...x.shape.slice(0, -1), width]);
      return add(mul(linear(half(0), policy), 1 - share), mul(linear(half(1), reference), share));
    },
  };
}
