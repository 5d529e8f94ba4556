import { hiddenOf, type Model, type ModelConfig, type TokenBatch } from '@llm/model';
import { clone, keep, type Leaf, leaves, scope, type Tensor, type Tree, unflatten } from '@llm/tensor';
import { observed } from '../../calibrate/observed.ts';
import { linearsOf } from '../../tree/linears.ts';
import { headPath } from '../build/head-path.ts';
import { OnnxError } from '../errors.ts';
import type { Range, RangeFinder, RangeMethod } from './range.ts';

/** The range of the states that each matrix multiplies, by the path of its leaf. */
export type CalibratedRanges = Readonly<Record<string, Range>>;

export interface CalibrateRangesOptions {
  /** Rows of tokens like those that the model will see; a few hundred are usual. */
  readonly batches: Iterable<TokenBatch>;
  /** `minMaxRange()`, `entropyRange()` or `percentileRange()`. */
  readonly method: RangeMethod;
}

/**
 * Runs a model over some batches and finds for each of its matrices, the head too, the range of the states before it, which
 * `onnxQdq` fixes in the file.
 *
 * @throws OnnxError E_CALIBRATION without batches, or for states that are no numbers; RangeError as `hiddenOf`.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { calibrateRanges, minMaxRange } from '@llm/quantize';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const row = (...values: number[]) => Int32Array.from(values);
 * const batch = { rows: 1, length: 3, ids: row(1, 2, 3), positions: row(0, 1, 2), segments: row(0, 0, 0), packed: false, restarts: false };
 * const ranges = await calibrateRanges(model, model.init(0), { batches: [batch], method: minMaxRange() });
 * if (Object.keys(ranges).length !== 5) throw new Error('four matrices and the head');
 * ```
 */
export async function calibrateRanges(model: Model<ModelConfig>, params: Tree, { batches, method }: CalibrateRangesOptions): Promise<CalibratedRanges> {
  const linears = new Map(linearsOf(params).map((linear) => [linear.path, linear]));
  const finders = new Map<string, RangeFinder>([...linears.keys(), headPath(model)].map((path) => [path, method.start()]));
  const met: [string, Tensor][] = [];
  // Kept: the layers of a model free what is born inside them.
  const meet = (path: string, x: Tensor): void => { met.push([path, keep(clone(x))]); };
  const tree = unflatten(leaves(params).map(([path, leaf]): [string, Leaf] => {
    const linear = linears.get(path);
    return [path, linear === undefined ? leaf : observed(leaf, { transposed: linear.transposed, see: (x) => meet(path, x) })];
  }));
  try {
    for (const batch of batches) {
      scope(() => meet(headPath(model), hiddenOf(model, tree, batch)));
      for (let next = met.shift(); next !== undefined; next = met.shift()) {
        const [path, x] = next;
        try {
          finders.get(path)!.see(await x.data() as Float32Array);
        } finally {
          x.dispose();
        }
      }
    }
  } finally {
    for (const [, x] of met) x.dispose();
  }
  return Object.fromEntries([...finders].map(([path, finder]) => [path, checked(path, finder.range())]));
}

function checked(path: string, { min, max }: Range): Range {
  if (Number.isFinite(min) && Number.isFinite(max)) return { min, max };
  throw new OnnxError('E_CALIBRATION', `calibrateRanges: expected states before ${path} that are numbers but found ${min > max ? 'none. Give batches' : 'infinite ones. Look for what broke the weights'}.`);
}
