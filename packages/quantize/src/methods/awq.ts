import type { Model, ModelConfig, TokenBatch } from '@llm/model';
import { flatten, type Leaf, leaves, mapLeaves, type Tensor, type Tree } from '@llm/tensor';
import type { Moments } from '../calibrate/moments.ts';
import { type Block, momentsOf, sharedInputs, walkBlocks } from '../calibrate/walk-blocks.ts';
import { checkBits, type GridOptions } from '../grid/group-grid.ts';
import { groupSizeFor } from '../grid/group-size.ts';
import { dequantized } from '../grid/grouped-matrix.ts';
import { groupedWeight } from '../grid/grouped-weight.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { product } from '../linalg/product.ts';
import { type Chosen, type Linear, linearsOf } from '../tree/linears.ts';
import { scaled, scalingsOf } from '../tree/scalings.ts';
import { clipped } from './awq-clip.ts';
import { type AwqGrid, awqRounded } from './awq-rounding.ts';
import { bestScales, meanWeights } from './awq-scale.ts';
import { hostMatrix, type Quantized } from './quantize.ts';

export interface AwqOptions extends GridOptions, Chosen {
  /** Rows of the kind of text that the model is for; 128 rows of 512 tokens are usual. */
  readonly batches: Iterable<TokenBatch>;
  /** Factors look at the weights as well as at the inputs; default true. */
  readonly duoScaling?: boolean;
  /** Looks for limits of the weights of each group, but not of queries and keys; default true. */
  readonly clip?: boolean;
  readonly onProgress?: (progress: { readonly path: string; readonly done: number; readonly total: number }) => void;
}

/** What queries and keys are made by: their product is sensitive to limits. */
const UNCLIPPED = /q_|k_|query|key|Wqkv|c_attn/;

/**
 * Activation-aware quantization: weights of inputs that are usually large are scaled up before rounding and what comes before them down,
 * which changes nothing but the rounding; then each group is cut where that helps; then all are rounded. Defaults: 4 bits, groups of 128,
 * asymmetric, both searches.
 *
 *   Q(W · diag(s)) · (x / s);  s = argmin Σ ‖(Q(W · diag(s)) · diag(s)⁻¹ − W) · x‖² over 20 candidates
 *
 * The errors are those of the outputs of the layers, from XᵀX, as the paper has it; AutoAWQ looks at the whole attention, or the whole MLP,
 * where several layers read the same states.
 *
 * The tree that comes back has norms and biases of its own. Models of Llama, Qwen2, Qwen3 and GPT-2.
 * Lin et al. 2023, https://arxiv.org/abs/2306.00978
 *
 * @throws RangeError for other architectures, other than 2 to 8 bits, and batches that are none of plain text.
 *
 * @example
 * ```ts
 * import { awq } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { isWeight, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 16, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 });
 * const params = model.init(0);
 * const ids = Int32Array.from({ length: 32 }, (_, i) => (i * 5) % 16);
 * const batch = { rows: 1, length: 32, ids, targets: ids, positions: Int32Array.from(ids.keys()), segments: new Int32Array(32), packed: false, restarts: false };
 * const { params: small } = await awq(model, params, { groupSize: 16, batches: [batch] });
 * if (!isWeight((small as any).model.layers[0].mlp.down_proj.weight)) throw new Error('in four bits');
 * ```
 */
export async function awq(
  model: Pick<Model<ModelConfig>, 'config' | 'shape'>, params: Tree,
  { batches, bits = 4, groupSize = 128, symmetric = false, scaleDtype = 'F32', duoScaling = true, clip = true, onProgress, ...chosen }: AwqOptions,
): Promise<Quantized> {
  checkBits('awq', bits);
  const all = new Map(linearsOf(params, chosen).map((linear) => [linear.path, linear]));
  const given = new Set(Object.values(flatten(params)));
  const skipped: { path: string; reason: string }[] = [];
  const isTransposed = (path: string): boolean => all.get(path)?.transposed ?? false;
  let done = 0;
  const result = await walkBlocks(model, params, {
    batches, from: 'given',
    visit: async (block, tree) => {
      const own = [...all.values()].filter(({ path }) => path.startsWith(`${block.path}.`));
      const grids = new Map(own.map(({ path, inputs }) => {
        const size = groupSizeFor(inputs, groupSize);
        return [path, size === undefined ? undefined : { bits, groupSize: size, symmetric, scaleDtype } satisfies AwqGrid] as const;
      }));
      const moments = await momentsByPath(block, tree, own);
      const hosts = new Map<string, Matrix<Float32Array>>();
      for (const linear of own) hosts.set(linear.path, await hostMatrix(linear));
      const factors = new Map<string, Float32Array>();
      let changed = tree;
      for (const scaling of scalingsOf('awq', { modelType: model.config.modelType, params: tree, path: block.path })) {
        const paths = scaling.layers.map((layer) => `${layer}.weight`);
        if (paths.some((path) => grids.get(path) === undefined)) continue;
        const grid = grids.get(paths[0]!)!;
        const { magnitudes, hessian, tokens } = moments.get(paths[0]!)!;
        const matrices = paths.map((path) => hosts.get(path)!);
        const scales = await bestScales(
          { meanInputs: magnitudes!.map((sum) => sum / tokens), meanWeights: meanWeights(matrices, grid.groupSize), duoScaling }, (scales) => outputLoss(matrices, hessian!, { scales, grid }),
        );
        for (const path of paths) factors.set(path, scales);
        changed = swap(changed, scaled(changed, scaling, { scales, transposed: isTransposed }), given);
      }
      const replaced = new Map<string, Leaf>();
      for (const linear of own) {
        const grid = grids.get(linear.path);
        if (grid === undefined) skipped.push({ path: linear.path, reason: `its rows of ${linear.inputs} are no multiple of eight` });
        else replaced.set(linear.path, await rounded(linear, { changed, grid, clip, moments: moments.get(linear.path)!, factors: factors.get(linear.path) }));
        onProgress?.({ path: linear.path, done: ++done, total: all.size });
      }
      return swap(changed, mapLeaves(changed, (leaf, path) => replaced.get(path) ?? leaf), given);
    },
  });
  return { params: result, skipped };
}

async function momentsByPath(block: Block, tree: Tree, own: readonly Linear[]): Promise<Map<string, Moments>> {
  const groups = sharedInputs(block, tree, own);
  const found = await momentsOf(block, tree, { linears: groups.map(([first]) => first!), names: ['magnitudes', 'hessian'] });
  return new Map(groups.flatMap((group) => group.map(({ path }) => [path, found.get(group[0]!.path)!] as const)));
}

/** How far the outputs of layers move when their weights are scaled, rounded and scaled back: Σ ‖D · x‖² = tr(D · H · Dᵀ). */
async function outputLoss(matrices: readonly Matrix<Float32Array>[], hessian: Matrix, { scales, grid }: { scales: Float32Array; grid: AwqGrid }): Promise<number> {
  let loss = 0;
  for (const { rows, cols, values } of matrices) {
    const back = dequantized(awqRounded({ rows, cols, values: values.map((value, i) => value * scales[i % cols]!) }, grid)).values;
    const difference = { rows, cols, values: back.map((value, i) => value / scales[i % cols]! - values[i]!) };
    const weighted = await product(difference, hessian);
    for (let i = 0; i < weighted.length; i++) loss += weighted[i]! * difference.values[i]!;
  }
  return loss;
}

/** A layer of the scaled tree, cut and rounded. */
async function rounded(linear: Linear, { changed, grid, clip, moments, factors }: { changed: Tree; grid: AwqGrid; clip: boolean; moments: Moments; factors: Float32Array | undefined }): Promise<Leaf> {
  const leaf = new Map(leaves(changed)).get(linear.path)!;
  let matrix = await hostMatrix({ ...linear, leaf });
  if (clip && !UNCLIPPED.test(linear.path)) {
    const { rows, cols, values } = moments.hessian!;
    const h = factors === undefined ? values : values.map((value, at) => value / (factors[Math.floor(at / cols)]! * factors[at % cols]!));
    matrix = await clipped(matrix, { rows, cols, values: h }, grid);
  }
  return groupedWeight(awqRounded(matrix, grid), { transposed: linear.transposed });
}

/** The newer tree; what only the older one had is freed, what the caller gave is not. */
function swap(older: Tree, newer: Tree, given: ReadonlySet<Tensor>): Tree {
  const kept = new Set(Object.values(flatten(newer)));
  for (const tensor of Object.values(flatten(older))) if (!kept.has(tensor) && !given.has(tensor)) tensor.dispose();
  return newer;
}
