import { attention, type Leaf, linear, rope, type Rotation, type Tensor } from '@llm/tensor';
import type { ModelInputs } from '../model.ts';
import { reshaped } from './reshaped.ts';

/** A matrix and, in some families, its bias. */
export interface Projection { readonly weight: Leaf; readonly bias?: Tensor }

/** The matrices that make queries, keys and values. */
export interface QueryKeyValue { readonly q_proj: Projection; readonly k_proj: Projection; readonly v_proj: Projection }

export interface RotaryAttentionOptions {
  /** Which layer of the cache it is. */
  readonly index: number;
  readonly inputs: Pick<ModelInputs, 'positions' | 'segments' | 'prefixes' | 'cache'>;
  readonly sizes: { readonly heads: number; readonly kvHeads: number; readonly headDim: number };
  readonly rotate: Rotation;
  /** How many of the newest positions, itself included, a token sees; default all. */
  readonly window?: number | undefined;
  /** Of the scores; default 1/√headDim. */
  readonly scale?: number;
  /** Scores are kept softly below it; default not. */
  readonly softCap?: number | undefined;
  /** How queries ('q') and keys ('k') are placed, [batch, length, heads, headDim]; default `turn`, which rotates them. */
  readonly place?: (x: Tensor, side: 'q' | 'k', turn: (x: Tensor) => Tensor) => Tensor;
}

/**
 * Causal grouped-query attention with rotary positions, up to the output projection.
 *
 *   attention(place(W_q n), place(W_k n), W_v n)
 *
 * n [batch, length, width] → [batch, length, heads · headDim]; keys and values go through the cache where there is one.
 */
export function rotaryAttention(
  n: Tensor, { q_proj, k_proj, v_proj }: QueryKeyValue,
  { index, inputs: { positions, segments, prefixes, cache }, sizes: { heads, kvHeads, headDim }, rotate, window, scale, softCap, place = (x, _, turn) => turn(x) }: RotaryAttentionOptions,
): Tensor {
  const [batch = 0, length = 0] = n.shape;
  const at = positions ?? cache?.positions(length);
  const turn = (x: Tensor): Tensor => rope(x, rotate, at === undefined ? {} : { positions: at });
  const project = ({ weight, bias }: Projection, count: number): Tensor => reshaped(linear(n, weight, { bias }), [batch, length, count, headDim]);
  const q = place(project(q_proj, heads), 'q', turn);
  const newK = place(project(k_proj, kvHeads), 'k', turn);
  const newV = project(v_proj, kvHeads);
  const { k, v } = cache?.append(index, newK, newV) ?? { k: newK, v: newV };
  const mixed = attention(q, k, v, {
    ...(window === undefined ? {} : { window }), ...(scale === undefined ? {} : { scale }), ...(softCap === undefined ? {} : { softCap }),
    segments, prefixes, ...cache?.place(length),
  });
  return reshaped(mixed, [batch, length, heads * headDim]);
}
