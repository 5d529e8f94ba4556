import type { Tensor } from '@tensorflow/tfjs-core';
import { needsGradient } from '../autodiff/training.ts';
import { isWeight, type Weight } from '../tree/weight.ts';

/** The sizes of a linear head over rows of states, one target to each; an error that names the operation where they do not fit. */
export function headSizes(
  name: string, { hidden, weight, targets }: { hidden: Tensor; weight: Tensor | Weight; targets: { readonly size: number; readonly shape: readonly number[] } },
): { rows: number; width: number; vocab: number } {
  const [vocab = 0, width = 0] = weight.shape;
  const rows = targets.size;
  if (weight.shape.length !== 2 || hidden.shape.at(-1) !== width || hidden.size !== rows * width) {
    throw new RangeError(
      `${name}: expected hidden [..., width], weight [vocabulary, width] and targets [...] `
      + `but found [${hidden.shape.join(', ')}], [${weight.shape.join(', ')}] and [${targets.shape.join(', ')}]`,
    );
  }
  return { rows, width, vocab };
}

/** A head as a matrix [vocabulary, width], and whether its gradient will be asked for. */
export interface PlainHead {
  readonly matrix: Tensor;
  readonly trained: boolean;
  /** Logits are kept softly below it; 0 for no cap. */
  readonly softCap: number;
}

/** Whether it is a matrix in blocks of rows, under a soft cap or not: its logits are made for some rows of states at a time. */
export function isInBlocks(head: Tensor | Weight): head is Weight {
  return isWeight(head) && (head.data !== undefined || (head.capped !== undefined && isInBlocks(head.capped.head)));
}

/** The matrix of a head: the tensor itself, or what a frozen weight stands for; undefined where the weight must apply itself. */
export function plainHead(head: Tensor | Weight): PlainHead | undefined {
  if (!isWeight(head)) return { matrix: head, trained: needsGradient(head), softCap: 0 };
  if (head.capped !== undefined) {
    const inner = plainHead(head.capped.head);
    // A cap of a cap is none that the losses know.
    return inner?.softCap === 0 ? { ...inner, softCap: head.capped.cap } : undefined;
  }
  if (head.matrix === undefined || Object.values(head.tensors).some(needsGradient)) return undefined;
  const matrix = head.matrix();
  return matrix.shape.join() === head.shape.join() ? { matrix, trained: false, softCap: 0 } : undefined;
}
