import type { Model, ModelConfig, TokenBatch } from '@llm/model';
import { isWeight, type Leaf, mapLeaves, type Tree } from '@llm/tensor';
import { momentsOf, sharedInputs, walkBlocks } from '../calibrate/walk-blocks.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { type Chosen, type Linear, linearsOf } from '../tree/linears.ts';
import type { Method } from './method.ts';
import { inGroups, type Quantized } from './quantize.ts';

export interface CalibratedOptions extends Chosen {
  readonly method: Method;
  /** Rows of the kind of text that the model is for; 128 rows of some hundred tokens are usual. */
  readonly batches: Iterable<TokenBatch>;
  /** Within a block, layers that run later see the outputs of those that were quantized before them; default true. */
  readonly sequential?: boolean;
  /** Hears of every matrix that is done. */
  readonly onProgress?: (progress: { readonly path: string; readonly done: number; readonly total: number }) => void;
}

/**
 * The tree with its matrices in few bits by a method that wants to know the inputs, `gptq()`: block by block, each calibrated on what the
 * blocks before it, already quantized, give. Layers that read the same states share one Hessian; an expert that no token reaches is
 * rounded as if all its inputs were alike.
 *
 * Only matrices in the blocks of Llama, Qwen, Mixtral and GPT-2 take part; others stay as they are.
 *
 * @throws RangeError for other architectures, for batches that are none of plain text, and as the method does.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { gptq, quantizeCalibrated } from '@llm/quantize';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 16, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 });
 * const ids = Int32Array.from({ length: 32 }, (_, i) => (i * 5) % 16);
 * const batch = { rows: 1, length: 32, ids, positions: Int32Array.from(ids.keys()), segments: new Int32Array(32), packed: false, restarts: false };
 * const { skipped } = await quantizeCalibrated(model, model.init(0), { method: gptq({ groupSize: 16 }), batches: [batch] });
 * if (skipped.length > 0) throw new Error('all seven matrices of the block');
 * ```
 */
export async function quantizeCalibrated(
  model: Pick<Model<ModelConfig>, 'config' | 'shape'>, params: Tree, { method, batches, sequential = true, onProgress, ...chosen }: CalibratedOptions,
): Promise<Quantized> {
  const all = linearsOf(params, chosen);
  const skipped: { path: string; reason: string }[] = [];
  const made: Leaf[] = [];
  let done = 0;
  try {
    const quantized = await walkBlocks(model, params, {
      batches,
      visit: async (block, tree) => {
        const own = all.filter(({ path }) => path.startsWith(`${block.path}.`));
        for (const { path, leaf } of own) if (isWeight(leaf)) throw new TypeError(`quantizeCalibrated: expected plain matrices but found a weight that applies itself at ${path}. Give the tree that it was made of.`);
        const groups = sharedInputs(block, tree, own);
        const steps: Linear[][][] = sequential ? groups.map((group) => [group]) : [groups];
        for (const step of steps) {
          const moments = await momentsOf(block, tree, { linears: step.map(([first]) => first!), names: method.needsHessian ? ['hessian'] : [] });
          const replaced = new Map<string, Leaf>();
          for (const group of step) {
            const { hessian } = moments.get(group[0]!.path)!;
            for (const linear of group) {
              const leaf = await inGroups(linear, method, hessian ?? (method.needsHessian ? identity(linear.inputs) : undefined));
              if (typeof leaf === 'string') skipped.push({ path: linear.path, reason: leaf });
              else {
                made.push(leaf);
                replaced.set(linear.path, leaf);
              }
              onProgress?.({ path: linear.path, done: ++done, total: all.length });
            }
          }
          tree = mapLeaves(tree, (leaf, path) => replaced.get(path) ?? leaf);
        }
        return tree;
      },
    });
    return { params: quantized, skipped };
  } catch (error) {
    for (const leaf of made) if (isWeight(leaf)) for (const tensor of Object.values(leaf.tensors)) tensor.dispose();
    throw error;
  }
}

function identity(size: number): Matrix {
  const values = new Float64Array(size * size);
  for (let i = 0; i < size; i++) values[i * size + i] = 1;
  return { rows: size, cols: size, values };
}
