import { add, concat, div, mul, onesLike, reshape, slice, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { backward, record } from '../autodiff/tape.ts';
import { needsGradient, whileTraining } from '../autodiff/training.ts';
import { mostTensorBytes } from '../device/use-device.ts';
import { isWeight, type Weight } from '../tree/weight.ts';
import { linear } from './linear.ts';

/** Which rows of states a chunk of logits is of. */
export interface RowRange {
  readonly from: number;
  readonly count: number;
}

export interface LinearLossOptions {
  /** Divides the sum; default 1. Give the global number of rows when accumulating gradients. A scalar tensor is taken as it is. */
  readonly denominator?: number | Tensor;
  /** Rows whose logits exist at once, or those of each chunk in turn; default 2²¹ logits, but at least 96 rows. */
  readonly chunkRows?: number | readonly number[];
}

/** Logits of a chunk, at most, unless fewer rows than MIN_ROWS would fit: then the products would be bound by memory. */
const CHUNK_LOGITS = 2 ** 21;
const MIN_ROWS = 96;

/**
 * Any loss of the logits of a linear head, never storing more than a chunk of them: each chunk becomes its part of the loss and of the
 * gradients before the next is made.
 *
 *   L = Σ_chunks loss(h · Wᵀ of the chunk) / denominator
 *
 * hidden [..., width], weight [vocabulary, width] or a `Weight`, trained or not → scalar. `loss` gets the logits [rows, vocabulary] of
 * some rows and returns the sum over them, a scalar; gradients flow through it to the states and to the head alone, so whatever else
 * it reads is a constant.
 *
 * @throws RangeError for shapes that do not fit, and where `loss` returns more than one number.
 *
 * @example
 * ```ts
 * import { linearLoss, mean, mul, square, sum, tensor, useDevice, valueAndGrad } from '@llm/tensor';
 * await useDevice('cpu');
 * const loss = (p: { w: ReturnType<typeof tensor> }) => linearLoss(tensor([[1], [2]]), p.w, (logits) => sum(square(logits)), { chunkRows: 1 });
 * const { value, grads } = valueAndGrad(loss)({ w: tensor([[3]]) });
 * if (value.dataSync()[0] !== 45 || grads.w!.dataSync()[0] !== 30) throw new Error('9 + 36, and 2 · 3 · (1 + 4)');
 * ```
 */
export function linearLoss(
  hidden: Tensor, weight: Tensor | Weight, loss: (logits: Tensor, rows: RowRange) => Tensor, { denominator = 1, chunkRows }: LinearLossOptions = {},
): Tensor {
  const [vocab = 0, width = 0] = weight.shape;
  if (weight.shape.length !== 2 || hidden.shape.at(-1) !== width) {
    throw new RangeError(`linearLoss: expected hidden [..., width] and weight [vocabulary, width] but found [${hidden.shape.join(', ')}] and [${weight.shape.join(', ')}]`);
  }
  const rows = hidden.size / width;
  const head = Object.entries(isWeight(weight) ? weight.tensors : { weight }).map(([name, tensor]) => ({ name: `head.${name}`, tensor, wanted: tensor.dtype === 'float32' && needsGradient(tensor) }));
  const trained = head.filter(({ wanted }) => wanted);
  const learns = needsGradient(hidden);
  return tidy(() => differentiable({
    inputs: { hidden, ...Object.fromEntries(trained.map(({ name, tensor }) => [name, tensor])) },
    forward: (save) => {
      const states = reshape(hidden, [rows, width]);
      let total: Tensor | undefined;
      const parts: Tensor[] = [];
      let sums: Tensor[] = [];
      for (const range of rangesOf(rows, chunkRows ?? chunkOf(rows, vocab))) {
        const [value, ...found] = tidy(() => {
          const some = slice(states, [range.from, 0], [range.count, width]);
          const result = chunk(some, { xs: [...(learns ? [some] : []), ...trained.map(({ tensor }) => tensor)], loss: () => loss(linear(some, weight), range) });
          // What a chunk adds to the gradient of the head joins that of the others at once.
          const ofHead = result.slice(learns ? 2 : 1);
          return [total === undefined ? result[0]! : add(total, result[0]!), ...(learns ? [result[1]!] : []), ...ofHead.map((gradient, i) => (sums[i] === undefined ? gradient : add(sums[i], gradient)))];
        });
        for (const old of [total, ...sums]) old?.dispose();
        total = value!;
        if (learns) parts.push(found.shift()!);
        sums = found;
      }
      if (total === undefined) throw new RangeError('linearLoss: expected at least one row but found none. Check the labels or the mask.');
      save([...(learns ? [reshape(parts.length === 1 ? parts[0]! : concat(parts, 0), hidden.shape)] : []), ...sums, ...(typeof denominator === 'number' ? [] : [denominator])]);
      return div(total, denominator);
    },
    backward: (dy, saved) => {
      const factor = div(dy, typeof denominator === 'number' ? denominator : saved.at(-1)!);
      return {
        hidden: () => mul(saved[0]!, factor),
        ...Object.fromEntries(trained.map(({ name }, i) => [name, () => mul(saved[i + Number(learns)]!, factor)])),
      };
    },
  }));
}

/** The loss of a chunk, and its gradients by `xs`. */
function chunk(some: Tensor, { xs, loss }: { xs: readonly Tensor[]; loss: () => Tensor }): Tensor[] {
  const check = (value: Tensor): Tensor => {
    if (value.size !== 1) throw new RangeError(`linearLoss: expected the loss of ${some.shape[0]} rows to be one number but found shape [${value.shape.join(', ')}]. Sum it.`);
    return reshape(value, []);
  };
  if (xs.length === 0) return [check(loss())];
  const { result, tape } = whileTraining(xs, () => record(() => check(loss())));
  const gradients = backward(tape, [result], [onesLike(result)], xs);
  return [result, ...gradients.map((gradient, i) => {
    if (gradient === undefined) throw new RangeError(`linearLoss: expected the loss to depend on its logits but found that it does not on tensor ${i}. Use the logits that it is given.`);
    return gradient;
  })];
}

/** The ranges of chunks of one size, or of these sizes, which must add up. */
function rangesOf(rows: number, sizes: number | readonly number[]): RowRange[] {
  const counts = typeof sizes === 'number' ? Array.from({ length: Math.ceil(rows / sizes) }, (_, i) => Math.min(sizes, rows - i * sizes)) : sizes;
  const ranges: RowRange[] = [];
  let from = 0;
  for (const count of counts) {
    ranges.push({ from, count });
    from += count;
  }
  if (from !== rows || counts.some((count) => !(count > 0))) throw new RangeError(`linearLoss: expected chunks of ${rows} rows in all but found ${counts.join(', ')}. Give how many rows each chunk has.`);
  return ranges;
}

/** Rows of a chunk: chunks of nearly equal length, a function of the sizes and of the most that a tensor may be on the device. */
function chunkOf(rows: number, vocab: number): number {
  const most = Math.max(MIN_ROWS, Math.floor(CHUNK_LOGITS / Math.max(1, vocab)));
  const chunks = Math.ceil(rows / most);
  const fitting = Math.max(1, Math.floor(mostTensorBytes() / 4 / Math.max(1, vocab)));
  return Math.min(fitting, Math.ceil(rows / Math.max(1, chunks) / 6) * 6);
}

/** The rows of each chunk of the logits of a head that has so many. */
export const chunksOf = (rows: number, vocab: number): RowRange[] => rangesOf(rows, chunkOf(rows, vocab));
