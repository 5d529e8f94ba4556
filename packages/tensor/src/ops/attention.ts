import { attention as kernel, attentionBackward, attentionOfCodes } from '@llm/kernels';
import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';
import { bitsOfHead } from '../quantized/head-codes.ts';

export interface AttentionOptions {
  /** Default 1/√width. */
  readonly scale?: number;
  /** Scores are kept softly below it, before the bias is added: cap · tanh(score / cap), as Gemma 2 does; default not. */
  readonly softCap?: number;
  /** A query sees only itself and what is before it; default true. */
  readonly causal?: boolean;
  /** How many of the newest keys, itself included, a query sees; default all. */
  readonly window?: number;
  /**
   * int32 [batch, keys]: queries see only keys of their own number, as documents packed into one row need it, and of the trunk of
   * their document where `branchSegment` made the number.
   */
  readonly segments?: Tensor | undefined;
  /** int32 [batch]: so many first keys of each row are seen from every position, whatever `causal` says; default 0. */
  readonly prefixes?: Tensor | undefined;
  /** [1 or batch, 1 or heads, queries, keys], added to the scores. It gets no gradient. */
  readonly bias?: Tensor | undefined;
  /** int32 [batch]: how many keys of each row count; default all. */
  readonly lengths?: Tensor | undefined;
  /** The position of the first query among the keys; default keys − queries. */
  readonly offset?: number | undefined;
  /** int32 [batch]: the position of each row's first query among its keys; default keys − queries. */
  readonly offsets?: Tensor | undefined;
  /**
   * int32 [batch, 2]: for each row another one and how many of its first keys and values are the same as that one's. It changes no
   * result: where several rows continue one prompt, memory is read once for all of them.
   */
  readonly twins?: Tensor | undefined;
}

/**
 * Scaled dot-product attention that never stores the queries × keys matrix.
 *
 *   o = softmax(softCap(scale · q · kᵀ) + bias + mask) · v
 *
 * q [batch, queries, heads, width], k and v [batch, keys, kvHeads, width], o like q; head h reads kv head ⌊h · kvHeads / heads⌋.
 * A query that sees no key gives zeros. Keys and values may be codes of `headCodes`, int32 [batch, keys, kvHeads, words]; nothing then has a
 * gradient. Dao et al. 2022, https://arxiv.org/abs/2205.14135
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const { scale = 0, softCap = 0, causal = true, window = 0, segments, prefixes, bias, lengths, offset, offsets, twins } = options;
  const [batch = 0, queries = 0, heads = 0, width = 0] = q.shape;
  const [, keys = 0, kvHeads = 0] = k.shape;
  const bits = k.dtype === 'int32' ? bitsOfHead(k.shape[3] ?? 0, width) : undefined;
  if (
    q.rank !== 4 || k.rank !== 4 || v.rank !== 4 || k.shape.join() !== v.shape.join() || k.dtype !== v.dtype || k.shape[0] !== batch
    || (k.shape[3] !== width && bits === undefined) || heads % kvHeads !== 0
  ) {
    throw new RangeError(
      `attention: expected q [batch, queries, heads, width] and k, v [batch, keys, kvHeads, width] with heads a multiple of kvHeads `
      + `but found [${q.shape.join(', ')}], [${k.shape.join(', ')}] and [${v.shape.join(', ')}]`,
    );
  }
  const dims = { batch, queries, heads, width, keys, kvHeads, biasBatch: bias?.shape[0] ?? 1, biasHeads: bias?.shape[1] ?? 1, pair: 2 };
  const uniforms = { scale, softCap, causal: Number(causal), window, offset };
  const masks = { segments, prefixes, bias, lengths, offsets };
  if (bits !== undefined) {
    return tidy(() => call(attentionOfCodes, { inputs: { q, k, v, ...masks, twins }, dims, uniforms: { ...uniforms, bits }, outputs: { o: q.shape, lse: true } }).o);
  }
  return differentiable({
    inputs: { q, k, v },
    forward: (save) => {
      const { o, lse } = call(kernel, { inputs: { q, k, v, ...masks, twins }, dims, uniforms, outputs: { o: q.shape, lse: true } });
      save([q, k, v, o, lse, ...Object.values(masks).filter((mask) => mask !== undefined)]);
      return o;
    },
    backward: (dy, [q, k, v, o, lse, ...kept]) => {
      const given = Object.entries(masks).filter(([, mask]) => mask !== undefined);
      const saved = Object.fromEntries(given.map(([name], i) => [name, kept[i]]));
      const { dq, dk, dv } = call(attentionBackward, {
        inputs: { dout: dy, q, k, v, o, lse, ...saved }, dims, uniforms,
        outputs: { dq: dy.shape, dk: k!.shape, dv: v!.shape },
      });
      return { q: () => dq, k: () => dk, v: () => dv };
    },
  });
}
