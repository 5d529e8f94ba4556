import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * A parameter that knows how to apply itself: quantized, low-rank, or anything that stands where a matrix would. The shape
 * is that of the matrix it stands for, [out, in] as in a linear layer.
 */
export interface Weight {
  readonly shape: readonly number[];
  /** The tensors it holds, by name; float32 ones may be trained. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** The same weight over other tensors of the same names and shapes. */
  with(tensors: Readonly<Record<string, Tensor>>): Weight;
  /** x [..., in] → [..., out]. */
  apply(x: Tensor): Tensor;
  /** Rows by id, for embeddings and tied heads: ids [...] → [..., in]. */
  rows?(ids: Tensor): Tensor;
  /** x · Wᵀ + bias + residual in as few passes as it can. Without it `linear` adds them behind `apply`. */
  applyWith?(x: Tensor, epilogue: { readonly bias?: Tensor | undefined; readonly residual?: Tensor | undefined }): Tensor;
  /** The matrix that it stands for, as a plain tensor in its place would be stored; gradients flow to what it is made of. */
  matrix?(): Tensor;
  /** The values of the matrix that it stands for, where its tensors are nothing but blocks of the rows: it is stored as one, and its logits are made for some rows of x at a time. */
  data?(): Promise<Float32Array>;
  /** Set where it is a head whose logits are those of `head` under a soft cap, so that a loss may fuse both. */
  readonly capped?: { readonly head: Tensor | Weight; readonly cap: number };
}

/** Whether a node of a tree is a weight that acts by itself and not a plain tensor or a branch. */
export function isWeight(node: unknown): node is Weight {
  return typeof node === 'object' && node !== null && typeof (node as { apply?: unknown }).apply === 'function' && 'tensors' in node;
}
