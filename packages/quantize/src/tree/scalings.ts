import { div, isWeight, type Leaf, leaves, mapLeaves, mul, reshape, scope, type Tensor, tensor, type Tree } from '@llm/tensor';

/** Layers whose inputs may be multiplied by factors, since what comes before them can be divided by the same. */
export interface Scaling {
  /** The path of a norm, or of a linear layer whose last outputs they are, without `.weight`. */
  readonly previous: string;
  /** Paths of the linear layers that read them, without `.weight`. */
  readonly layers: readonly string[];
}

type Plan = readonly (readonly [previous: string, layers: readonly string[]])[];

const LLAMA: Plan = [
  ['input_layernorm', ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj']],
  ['self_attn.v_proj', ['self_attn.o_proj']],
  ['post_attention_layernorm', ['mlp.gate_proj', 'mlp.up_proj']],
  ['mlp.up_proj', ['mlp.down_proj']],
];
const GPT2: Plan = [['ln_1', ['attn.c_attn']], ['attn.c_attn', ['attn.c_proj']], ['ln_2', ['mlp.c_fc']]];

const PLANS: Readonly<Record<string, Plan>> = { llama: LLAMA, qwen2: LLAMA, qwen3: LLAMA, gpt2: GPT2 };

/**
 * Where the block at `path` can be scaled. Values that several heads share (grouped queries) cannot be.
 *
 * @throws RangeError for an architecture that is not known.
 */
export function scalingsOf(name: string, { modelType, params, path }: { modelType: string; params: Tree; path: string }): Scaling[] {
  const plan = PLANS[modelType];
  if (plan === undefined) throw new RangeError(`${name}: expected a model of ${Object.keys(PLANS).join(', ')} but found ${modelType}. Use gptq, hqq or rtn.`);
  const shapes = new Map(leaves(params).map(([path, leaf]) => [path, leaf.shape]));
  return plan.flatMap(([previous, layers]): Scaling[] => {
    const [values, output] = [shapes.get(`${path}.${previous}.weight`), shapes.get(`${path}.${layers[0]}.weight`)];
    if (previous === 'self_attn.v_proj' && values?.join() !== output?.join()) return [];
    return [{ previous: `${path}.${previous}`, layers: layers.map((layer) => `${path}.${layer}`) }];
  });
}

/**
 * The same function with the inputs of some layers divided by `scales`: the layers multiplied by them, what comes before divided. New
 * tensors for what changes, the rest is shared.
 */
export function scaled(params: Tree, { previous, layers }: Scaling, { scales, transposed }: { scales: Float32Array; transposed: (path: string) => boolean }): Tree {
  const plain = (leaf: Leaf, path: string): Tensor => {
    if (isWeight(leaf)) throw new TypeError(`scaled: expected plain tensors but found a weight that applies itself at ${path}. Give the tree that it was made of.`);
    return leaf;
  };
  const byInput = new Set(layers.map((layer) => `${layer}.weight`));
  return mapLeaves(params, (leaf, path) => {
    if (byInput.has(path)) {
      const x = plain(leaf, path);
      return scope(() => mul(x, tensor(scales, transposed(path) ? [scales.length, 1] : [1, scales.length])));
    }
    if (path !== `${previous}.weight` && path !== `${previous}.bias`) return leaf;
    const x = plain(leaf, path);
    return scope(() => {
      if (x.rank === 1 && x.size === scales.length) return div(x, tensor(scales));
      // The last outputs of a linear layer: all, or the values of a joined projection.
      const outputs = x.rank === 1 || !transposed(path) ? x.shape[0]! : x.shape[1]!;
      const divisor = new Float32Array(outputs).fill(1);
      divisor.set(scales, outputs - scales.length);
      const line = tensor(divisor);
      return div(x, x.rank === 1 ? line : reshape(line, transposed(path) ? [1, outputs] : [outputs, 1]));
    });
  });
}
