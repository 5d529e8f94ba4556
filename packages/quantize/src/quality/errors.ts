import { hiddenOf, type Model, type TokenBatch } from '@llm/model';
import { isWeight, type Leaf, leaves, scope, square, sub, sum, type Tensor, type Tree } from '@llm/tensor';
import type { Weighted } from './divergence.ts';

/** How far the values of a matrix moved. */
export interface WeightError {
  readonly path: string;
  /** Mean of the squares of the differences. */
  readonly mse: number;
  /** ‖Ŵ − W‖ / ‖W‖. */
  readonly relative: number;
}

/** How far a state of the residual stream moved: ‖ŷ − y‖ / ‖y‖ over all tokens. */
export interface LayerError {
  readonly name: string;
  readonly relative: number;
}

const matrixOf = (leaf: Leaf): Tensor | undefined => (isWeight(leaf) ? leaf.matrix?.() : leaf);

/**
 * How far each matrix that is another in `changed` lies from that of `base`, in the order of the tree. Of no meaning where a method also
 * scaled the matrices, as AWQ does.
 */
export async function weightErrors(base: Tree, changed: Tree): Promise<WeightError[]> {
  const others = new Map(leaves(changed));
  const found: WeightError[] = [];
  for (const [path, leaf] of leaves(base)) {
    const other = others.get(path);
    if (other === undefined || other === leaf || leaf.shape.length !== 2) continue;
    const sums = scope(() => {
      const [a, b] = [matrixOf(leaf), matrixOf(other)];
      return a === undefined || b === undefined || a.shape.join() !== b.shape.join() ? undefined : [sum(square(sub(a, b))), sum(square(a))] as const;
    });
    if (sums === undefined) continue;
    const [[error], [size]] = await Promise.all([sums[0].data(), sums[1].data()]);
    for (const each of sums) each.dispose();
    found.push({ path, mse: error! / (leaf.shape[0]! * leaf.shape[1]!), relative: Math.sqrt(error! / size!) });
  }
  return found;
}

/**
 * How far the states of the residual stream after each half of a block move on some text, by the names that `capture` gives them.
 */
export async function layerErrors(base: Weighted, changed: Weighted, { batches }: { readonly batches: Iterable<TokenBatch> }): Promise<LayerError[]> {
  const sums = new Map<string, { error: number; size: number }>();
  for (const batch of batches) {
    const made = scope(() => {
      const [plain, moved] = [captured(base, batch), captured(changed, batch)];
      return [...plain].flatMap(([name, value]) => {
        const other = moved.get(name);
        return other === undefined || other.shape.join() !== value.shape.join() ? [] : [{ name, error: sum(square(sub(value, other))), size: sum(square(value)) }];
      });
    });
    for (const { name, error, size } of made) {
      const before = sums.get(name) ?? { error: 0, size: 0 };
      const [[e], [s]] = await Promise.all([error.data(), size.data()]);
      sums.set(name, { error: before.error + e!, size: before.size + s! });
      error.dispose();
      size.dispose();
    }
  }
  return [...sums].map(([name, { error, size }]) => ({ name, relative: Math.sqrt(error / size) }));
}

function captured({ model, params }: { model: Pick<Model, 'hidden' | 'shape'>; params: Tree }, batch: TokenBatch): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  hiddenOf(model, params, batch, { capture: (name, value) => { found.set(name, value); } });
  return found;
}
