import { add, embed, type Leaf, leaves, mapLeaves, randomUniform, type Seed, type Tree, type Weight } from '@llm/tensor';

/** What the embedding of a causal model is called in the checkpoints that we read. */
const EMBEDDING = /(^|\.)(embed_tokens|wte|word_embeddings)\.weight$/;

/**
 * The same parameters, with noise on what the embedding gives: uniform in ±α / √(length · width), from the seed.
 *
 * Only the rows that are looked up get noise: a head that is tied to the embedding must come from the parameters as they were.
 * Jain et al. 2023, https://arxiv.org/abs/2310.05914
 */
export function withNoisyEmbeddings<T extends Tree>(params: T, { alpha, seed }: { readonly alpha: number; readonly seed: Seed }): T {
  const found = leaves(params).filter(([path]) => EMBEDDING.test(path));
  if (found.length !== 1) throw new TypeError(`withNoisyEmbeddings: expected one embedding (embed_tokens, wte or word_embeddings) but found ${found.length}. Leave neftuneAlpha out for this model.`);
  return mapLeaves(params, (leaf) => (leaf === found[0]![1] ? noisy(leaf, { alpha, seed }) : leaf)) as T;
}

function noisy(leaf: Leaf, { alpha, seed }: { readonly alpha: number; readonly seed: Seed }): Weight {
  return {
    shape: leaf.shape,
    tensors: 'dataId' in leaf ? { table: leaf } : leaf.tensors,
    with: () => { throw new TypeError('withNoisyEmbeddings: expected to be looked up only. Take the parameters as they were before.'); },
    apply: () => { throw new TypeError('withNoisyEmbeddings: expected to be looked up only. Take the head from the parameters as they were before.'); },
    rows(ids) {
      const values = embed(ids, leaf);
      const [length = 1, width = 1] = values.shape.slice(-2);
      const high = alpha / Math.sqrt(length * width);
      return add(values, randomUniform(values.shape, { low: -high, high, seed, stream: 'neftune' }));
    },
  };
}
