import type { Model, ModelConfig, TokenBatch } from '@llm/model';
import { inRowBlocks, type Leaf, mapLeaves, tensor, type Tree } from '@llm/tensor';
import { momentsOf, sharedInputs, walkBlocks } from '../calibrate/walk-blocks.ts';
import type { Moments } from '../calibrate/moments.ts';
import { transposed } from '../linalg/matrix.ts';
import { hostMatrix } from '../methods/quantize.ts';
import { type Chosen, type Linear, linearsOf } from '../tree/linears.ts';
import type { Pruner } from './pruner.ts';

/** A matrix with zeros in the place of one. */
async function prunedLeaf(linear: Linear, pruner: Pruner, moments?: Moments): Promise<Leaf> {
  const { rows, cols, values } = await pruner.prune(await hostMatrix(linear), moments);
  return linear.transposed ? tensor(transposed({ rows, cols, values }).values, [cols, rows]) : inRowBlocks(tensor(values, [rows, cols]));
}

/**
 * The tree with weights set to 0 without looking at any data, `magnitude()`; by default in all matrices but embeddings, the head and
 * routers. New tensors for those; everything else is shared.
 *
 * @example
 * ```ts
 * import { magnitude, prune } from '@llm/quantize';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const pruned = await prune({ proj: { weight: tensor([[1, -4, 3, 0.5]]) } }, { pruner: magnitude({ pattern: [2, 4] }) });
 * const kept = (pruned.proj as { weight: ReturnType<typeof tensor> }).weight.dataSync();
 * if (kept.join() !== '0,-4,3,0') throw new Error('the two largest');
 * ```
 */
export async function prune(params: Tree, { pruner, ...chosen }: Chosen & { readonly pruner: Pruner }): Promise<Tree> {
  const replaced = new Map<string, Leaf>();
  for (const linear of linearsOf(params, chosen)) replaced.set(linear.path, await prunedLeaf(linear, pruner));
  return mapLeaves(params, (leaf, path) => replaced.get(path) ?? leaf);
}

/**
 * The tree with weights set to 0 by a pruner that looks at the inputs, `wanda()` or `sparseGpt()`: block by block, each measured on what
 * the blocks before it, already pruned, give.
 *
 * Matrices in the blocks of Llama, Qwen, Mixtral and GPT-2 take part.
 *
 * @throws RangeError for other architectures, and for batches that are none of plain text.
 */
export async function pruneCalibrated(
  model: Pick<Model<ModelConfig>, 'config' | 'shape'>, params: Tree,
  { pruner, batches, onProgress, ...chosen }: Chosen & {
    readonly pruner: Pruner;
    readonly batches: Iterable<TokenBatch>;
    readonly onProgress?: (progress: { readonly path: string; readonly done: number; readonly total: number }) => void;
  },
): Promise<Tree> {
  const all = linearsOf(params, chosen);
  let done = 0;
  return walkBlocks(model, params, {
    batches,
    visit: async (block, tree) => {
      const own = all.filter(({ path }) => path.startsWith(`${block.path}.`));
      const groups = sharedInputs(block, tree, own);
      const moments = await momentsOf(block, tree, { linears: groups.map(([first]) => first!), names: pruner.needs });
      const replaced = new Map<string, Leaf>();
      for (const group of groups) {
        const met = moments.get(group[0]!.path)!;
        for (const linear of group) {
          // An expert that no token reaches stays as it is: nothing is known of its inputs.
          if (met.tokens > 0) replaced.set(linear.path, await prunedLeaf(linear, pruner, met));
          onProgress?.({ path: linear.path, done: ++done, total: all.length });
        }
      }
      return mapLeaves(tree, (leaf, path) => replaced.get(path) ?? leaf);
    },
  });
}
