import { type Leaf, leaves, type Tree } from '@llm/tensor';

/** A matrix of a model that multiplies states, with where it stands. */
export interface Linear {
  /** The path of its leaf, `model.layers.0.mlp.up_proj.weight`. */
  readonly path: string;
  readonly leaf: Leaf;
  /** Stored [in, out], as GPT-2's Conv1D has it. */
  readonly transposed: boolean;
  readonly outputs: number;
  readonly inputs: number;
}

const EMBEDDING = /(?:^|\.)(?:embed_tokens|embed_positions|wte|wpe|shared|relative_attention_bias|\w*embeddings?)\.weight$/;
const HEAD = /(?:^|\.)(?:lm_head|embed_out|predictions\.decoder|score|classifier|v_head|value_head)\.weight$/;
/** Routers decide by small differences and take next to no memory. */
const ROUTER = /(?:^|\.)(?:mlp|block_sparse_moe)\.gate\.weight$/;
const CONV1D = /(?:^|\.)h\.\d+\.(?:attn|crossattention|mlp)\.(?:c_attn|c_proj|c_fc|q_attn)\.weight$/;

/** Which matrices take part, by the path of the leaf. */
export interface Chosen {
  /** Default: every matrix but embeddings, heads and the routers of experts, as the field does. */
  readonly include?: (path: string) => boolean;
}

/**
 * The linear layers of a parameter tree, in its order; norms and biases are no matrices.
 *
 * @throws RangeError where none is chosen.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { linearsOf } from '@llm/quantize';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const [first] = linearsOf(model.init(0));
 * if (first?.path !== 'transformer.h.0.attn.c_attn.weight' || !first.transposed || first.outputs !== 24) throw new Error('q, k and v in one');
 * ```
 */
export function linearsOf(params: Tree, { include = (path) => !EMBEDDING.test(path) && !HEAD.test(path) && !ROUTER.test(path) }: Chosen = {}): Linear[] {
  const found = leaves(params).flatMap(([path, leaf]): Linear[] => {
    if (!path.endsWith('.weight') || leaf.shape.length !== 2 || !include(path)) return [];
    const transposed = CONV1D.test(path);
    const [first = 0, second = 0] = leaf.shape;
    // A weight says [out, in] of itself, however it is stored.
    const [outputs, inputs] = transposed && 'dataId' in leaf ? [second, first] : [first, second];
    return [{ path, leaf, transposed, outputs, inputs }];
  });
  if (found.length === 0) throw new RangeError('linearsOf: expected a tree with matrices to choose but found none. Check include; paths end with .weight.');
  return found;
}
