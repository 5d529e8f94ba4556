import { type Leaf, leaves, type Tree } from '@llm/tensor';

/** A matrix of a model with a name of its own: a linear layer, GPT-2's Conv1D, or an embedding. */
export interface Module {
  /** The path without `.weight`, as Hugging Face names the module. */
  readonly name: string;
  readonly leaf: Leaf;
  readonly embedding: boolean;
  /** Stored [in, out]. */
  readonly fanInFanOut: boolean;
  /** The layer that makes logits. */
  readonly head: boolean;
  readonly outputs: number;
  readonly inputs: number;
}

const EMBEDDING = /(?:^|\.)(?:embed_tokens|embed_positions|wte|wpe|shared|relative_attention_bias|\w*embeddings?)$/;
const CONV1D = /(?:^|\.)h\.\d+\.(?:attn|crossattention|mlp)\.(?:c_attn|c_proj|c_fc|q_attn)$/;
const HEAD = /(?:^|\.)(?:lm_head|embed_out|predictions\.decoder|score|classifier)$/;

/** The path under which the tree keeps what a module was before it was trained as a whole. */
export const ORIGINAL = 'original_module';

/**
 * The matrices of a tree that an adapter may go over. The names tell which are embeddings, heads, and stored [in, out]
 * (`transformer.h.0.attn.c_attn`).
 */
export function modulesOf(params: Tree): Module[] {
  return leaves(params).flatMap(([path, leaf]): Module[] => {
    if (!path.endsWith('.weight') || path.includes(`.${ORIGINAL}.`) || leaf.shape.length !== 2) return [];
    const name = path.slice(0, -'.weight'.length);
    const embedding = EMBEDDING.test(name);
    const conv = CONV1D.test(name);
    const [first = 0, second = 0] = leaf.shape;
    // A weight says [out, in] of itself, however it is stored.
    const stored = conv && 'dataId' in leaf;
    const [outputs, inputs] = embedding || stored ? [second, first] : [first, second];
    return [{ name, leaf, embedding, fanInFanOut: embedding || conv, head: HEAD.test(name), outputs, inputs }];
  });
}
