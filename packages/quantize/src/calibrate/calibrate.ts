import { hiddenOf, type Model, type TokenBatch } from '@llm/model';
import { type Leaf, leaves, scope, type Tree, unflatten } from '@llm/tensor';
import { type Chosen, linearsOf } from '../tree/linears.ts';
import { observed } from './observed.ts';
import { type MomentName, momentCounter, type Moments } from './moments.ts';

/**
 * What the inputs of each linear layer look like over some batches, by the path of its matrix, in one pass through the whole model.
 *
 * `moments` says which figures are wanted: `hessian` is XᵀX and takes in² numbers for each layer at once; `quantizeCalibrated` and its
 * kin go through the model block by block instead.
 *
 * @example
 * ```ts
 * import { calibrate } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const row = (...values: number[]) => Int32Array.from(values);
 * const batch = { rows: 1, length: 3, ids: row(1, 2, 3), positions: row(0, 1, 2), segments: row(0, 0, 0), packed: false, restarts: false };
 * const found = await calibrate(model, model.init(0), { batches: [batch], moments: ['magnitudes'] });
 * const { tokens, magnitudes } = found.get('transformer.h.0.mlp.c_fc.weight')!;
 * if (tokens !== 3 || magnitudes?.length !== 8) throw new Error('the states of three tokens');
 * ```
 */
export async function calibrate(
  model: Pick<Model, 'hidden' | 'shape'>, params: Tree, { batches, moments, ...chosen }: Chosen & { readonly batches: Iterable<TokenBatch>; readonly moments: readonly MomentName[] },
): Promise<Map<string, Moments>> {
  const linears = new Map(linearsOf(params, chosen).map((linear) => [linear.path, linear]));
  const counters = new Map([...linears.keys()].map((path) => [path, momentCounter(moments)]));
  const tree = unflatten(leaves(params).map(([path, leaf]): [string, Leaf] => {
    const linear = linears.get(path);
    return [path, linear === undefined ? leaf : observed(leaf, { transposed: linear.transposed, see: counters.get(path)!.see })];
  }));
  try {
    for (const batch of batches) scope(() => { hiddenOf(model, tree, batch); });
    const found = new Map<string, Moments>();
    for (const [path, counter] of counters) found.set(path, await counter.read());
    return found;
  } finally {
    for (const counter of counters.values()) counter.dispose();
  }
}
