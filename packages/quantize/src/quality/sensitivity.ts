import { leaves, mapLeaves } from '@llm/tensor';
import { divergence, type TargetBatch, type Weighted } from './divergence.ts';

/** What a part of the model costs when it alone is changed. */
export interface Sensitivity {
  /** The path of a block, or of a matrix. */
  readonly part: string;
  readonly kld: number;
  readonly flips: number;
  readonly perplexityRatio: number;
}

const BLOCK = /^(.*?\.(?:layers|h)\.\d+)\./;

/**
 * Which part hurts most: each block alone (or each matrix, `by: 'matrix'`) is taken from `changed`, everything else from `base`. In falling
 * order of the mean KL divergence; one run through the text for each part. A method that scales, as AWQ, is told apart by blocks only.
 */
export async function sensitivity(
  base: Weighted, { params: changed }: Pick<Weighted, 'params'>, { batches, by = 'block' }: { readonly batches: Iterable<TargetBatch>; readonly by?: 'block' | 'matrix' },
): Promise<Sensitivity[]> {
  const others = new Map(leaves(changed));
  const partOf = (path: string): string | undefined => (by === 'matrix' ? path : BLOCK.exec(path)?.[1]);
  const parts = new Set(leaves(base.params).flatMap(([path, leaf]) => (others.get(path) === leaf ? [] : partOf(path) ?? [])));
  const text = [...batches];
  const found: Sensitivity[] = [];
  for (const part of parts) {
    const params = mapLeaves(base.params, (leaf, path) => (partOf(path) === part ? others.get(path) ?? leaf : leaf));
    const { kld, flips, perplexityRatio } = await divergence(base, { model: base.model, params }, { batches: text });
    found.push({ part, kld: kld.mean, flips, perplexityRatio });
  }
  return found.sort((a, b) => b.kld - a.kld);
}
