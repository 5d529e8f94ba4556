import { isWeight, type Leaf, leaves, type QuantizedFormat, quantizedWeight, type Tree, unflatten } from '@llm/tensor';
import { groupSizeFor } from '../grid/group-size.ts';
import { groupedWeight } from '../grid/grouped-weight.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { transposed } from '../linalg/matrix.ts';
import { type Chosen, type Linear, linearsOf } from '../tree/linears.ts';
import type { Method } from './method.ts';

/** A tree with matrices in few bits. */
export interface Quantized {
  readonly params: Tree;
  /** Matrices that stayed as they are, with the reason. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * The tree with its matrices in few bits, without looking at any data; by default all but embeddings, the head and routers. The plain
 * matrices stay with the caller, everything else is shared.
 *
 * `format` is one of @llm/tensor (`int8()`, `int4()`, `nf4()`: blocks along the stored values) or a method that makes groups along the
 * inputs: `rtn()`, `hqq()`. A group size that does not divide a row gives way to the largest that does; rows that not even eight
 * divide stay as they are and come back as `skipped`.
 *
 * @throws RangeError for weights that are not finite, for scales that their type cannot hold, and where nothing is chosen.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { quantize } from '@llm/quantize';
 * import { nf4, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 64, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 2 });
 * const { params } = await quantize(model.init(0), { format: nf4() });
 * if (!('apply' in (params as any).model.layers[0].mlp.up_proj.weight)) throw new Error('a weight in four bits');
 * ```
 */
export async function quantize(params: Tree, { format, ...chosen }: Chosen & { readonly format: QuantizedFormat | Method }): Promise<Quantized> {
  const linears = new Map(linearsOf(params, chosen).map((linear) => [linear.path, linear]));
  const skipped: { path: string; reason: string }[] = [];
  const entries: [string, Leaf][] = [];
  for (const [path, leaf] of leaves(params)) {
    const linear = linears.get(path);
    if (linear === undefined) entries.push([path, leaf]);
    else if (isWeight(leaf) && leaf.data === undefined) {
      entries.push([path, leaf]);
      skipped.push({ path, reason: 'it is no plain matrix' });
    } else if ('dequantize' in format) {
      entries.push([path, quantizedWeight(await leaf.data!() as Float32Array, { format, shape: leaf.shape as [number, number], transposed: linear.transposed })]);
    } else {
      const made = await inGroups(linear, format);
      if (typeof made === 'string') skipped.push({ path, reason: made });
      entries.push([path, typeof made === 'string' ? leaf : made]);
    }
  }
  return { params: unflatten(entries), skipped };
}

/** A linear layer put into few bits by a method, or why not. */
export async function inGroups(linear: Linear, method: Method, hessian?: Matrix): Promise<Leaf | string> {
  const groupSize = groupSizeFor(linear.inputs, method.groupSize);
  if (groupSize === undefined) return `its rows of ${linear.inputs} are no multiple of eight`;
  return groupedWeight(await method.quantize(await hostMatrix(linear), { groupSize, hessian }), { transposed: linear.transposed });
}

/** The matrix of a linear layer on the host as [out, in], a copy. */
export async function hostMatrix({ leaf, transposed: turned, outputs, inputs }: Linear): Promise<Matrix<Float32Array>> {
  if (isWeight(leaf) && leaf.data === undefined) throw new TypeError('hostMatrix: expected a plain matrix but found a weight that applies itself. Quantize the tree that it was made of.');
  const values = Float32Array.from(await leaf.data!() as Float32Array);
  return turned ? transposed({ rows: inputs, cols: outputs, values }) : { rows: outputs, cols: inputs, values };
}
