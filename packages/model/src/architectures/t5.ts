import { add, attention, embed, gated, type Leaf, linear, mul, rmsNorm, scope, type Seed, type Tensor, type Tree, zeros } from '@llm/tensor';
import type { EncoderDecoder } from '../encoder-decoder.ts';
import { withBiasGradient } from '../layers/bias-gradient.ts';
import type { CrossCache } from '../layers/cross-cache.ts';
import { dropped } from '../layers/dropped.ts';
import { initialTree } from '../layers/initial.ts';
import type { KeysValues } from '../layers/kv-cache.ts';
import { type RelativeBuckets, relativeBias } from '../layers/relative-bias.ts';
import { reshaped } from '../layers/reshaped.ts';
import { type Capture, runLayers } from '../layers/run-layers.ts';
import { segmentBias } from '../layers/segment-bias.ts';
import type { ApplyOptions } from '../model.ts';
import type { EncoderDecoderShape } from '../model-shape.ts';
import { type T5Config, t5Parameters } from './t5-parameters.ts';

interface Matrix { readonly weight: Leaf }
interface Norm { readonly weight: Tensor }
type Projections = Readonly<Record<'q' | 'k' | 'v' | 'o', Matrix>>;
interface SelfAttention { readonly SelfAttention: Projections & { readonly relative_attention_bias?: { readonly weight: Tensor } }; readonly layer_norm: Norm }
interface CrossAttention { readonly EncDecAttention: Projections; readonly layer_norm: Norm }
interface FeedForward { readonly DenseReluDense: { readonly wi?: Matrix; readonly wi_0?: Matrix; readonly wi_1?: Matrix; readonly wo: Matrix }; readonly layer_norm: Norm }
interface Stack { readonly block: Tree; readonly final_layer_norm: Norm }
interface Params { readonly shared: Matrix; readonly encoder: Stack; readonly decoder: Stack; readonly lm_head?: Matrix }

/** What the layers of one stack share. `own` is the bias of a stack's attention to itself, `cross` that to the encoded text. */
interface Shared {
  readonly own: Tensor;
  readonly segments?: Tensor | undefined;
  readonly states?: Tensor | undefined;
  readonly cross?: Tensor | undefined;
  readonly cache?: CrossCache | undefined;
}
interface At { readonly index: number; readonly capture: Capture | undefined; readonly inputs: Shared; readonly seed: Seed | undefined }

/** Dropout sites of the decoder begin here. */
const DECODER_SITES = 2048;

/**
 * T5: an encoder that sees a text from both sides and a decoder that writes another, pre-norm, without biases or positions of its
 * own: the distance of two tokens decides what is added to their score, the same in every layer. Scores are not scaled.
 *
 *   x ← x + W_o · attention(W_q n, W_k n, W_v n; + bias[bucket(j − i)]),  n = rmsNorm(x)
 *   x ← x + W_o · attention(W_q n, W_k e, W_v e),                         e the encoded text, in the decoder only
 *   x ← x + W_out · relu(W_in n)                                          1.1: W_out · (gelu(W_0 n) · W_1 n)
 *
 * Raffel et al. 2019, https://arxiv.org/abs/1910.10683
 */
export function t5(config: T5Config): EncoderDecoder<T5Config> {
  const { hiddenSize, heads, headDim, normEps: eps, buckets, maxDistance } = config;
  const shape: EncoderDecoderShape = {
    vocabSize: config.vocabSize, width: hiddenSize, layers: config.layers, decoderLayers: config.decoderLayers, heads, kvHeads: heads, headDim,
    maxPositions: Infinity, mlpWidth: config.intermediateSize, mlpInputs: config.gated ? 2 : 1, tied: config.tied,
  };
  const parameters = t5Parameters(config);
  const rule = (bidirectional: boolean): RelativeBuckets => ({ buckets, maxDistance, bidirectional });

  const split = (x: Tensor, { weight }: Matrix): Tensor => reshaped(linear(x, weight), [x.shape[0]!, x.shape[1]!, heads, headDim]);
  /** x + W · y, with dropout between. */
  const closed = (y: Tensor, { weight }: Matrix, { residual, seed, site }: { residual: Tensor; seed: Seed | undefined; site: number }): Tensor => (
    seed === undefined || config.dropout === 0 ? linear(y, weight, { residual }) : add(residual, dropped(linear(y, weight), config.dropout, { seed, site }))
  );
  const joined = (x: Tensor): Tensor => reshaped(x, [x.shape[0]!, x.shape[1]!, heads * headDim]);

  const attendOwn = (x: Tensor, { SelfAttention: { q, k, v, o }, layer_norm }: SelfAttention, { causal, site, at: { index, inputs, seed } }: { causal: boolean; site: number; at: At }): Tensor => {
    const n = rmsNorm(x, layer_norm.weight, { eps });
    const { own: bias, segments, cache } = inputs;
    const queries = split(n, q);
    const fresh = { k: split(n, k), v: split(n, v) };
    const kept = cache?.own.append(index, fresh.k, fresh.v) ?? fresh;
    const options = { scale: 1, causal, segments };
    const mixed = attention(queries, kept.k, kept.v, { ...options, bias, ...cache?.own.place(x.shape[1]!) });
    return closed(joined(cache === undefined ? withBiasGradient(mixed, bias, { q: queries, ...fresh, ...options }) : mixed), o, { residual: x, seed, site });
  };

  const attendCross = (x: Tensor, { EncDecAttention: { q, k, v, o }, layer_norm }: CrossAttention, { site, at: { index, inputs, seed } }: { site: number; at: At }): Tensor => {
    const states = inputs.states!;
    const make = (): KeysValues => ({ k: split(states, k), v: split(states, v) });
    const read = inputs.cache?.read(index, make) ?? make();
    const mixed = attention(split(rmsNorm(x, layer_norm.weight, { eps }), q), read.k, read.v, { scale: 1, causal: false, bias: inputs.cross });
    return closed(joined(mixed), o, { residual: x, seed, site });
  };

  const feed = (x: Tensor, { DenseReluDense: { wi, wi_0, wi_1, wo }, layer_norm }: FeedForward, { site, seed }: { site: number; seed: Seed | undefined }): Tensor => {
    const n = rmsNorm(x, layer_norm.weight, { eps });
    const { activation } = config;
    const inner = wi === undefined ? gated(linear(n, wi_0!.weight), linear(n, wi_1!.weight), { activation }) : linear(n, wi.weight, { activation });
    return closed(dropped(inner, config.dropout, { seed, site }), wo, { residual: x, seed, site: site + 1 });
  };

  const stack = (name: 'encoder' | 'decoder', ids: Tensor, { tree, inputs, options }: { tree: Tree; inputs: Shared; options: ApplyOptions }): Tensor => {
    const { shared, [name]: params } = tree as unknown as Params;
    const decoding = name === 'decoder';
    const { dropoutSeed: seed } = options;
    const first = decoding ? DECODER_SITES : 0;
    const y = runLayers(scope(() => dropped(embed(ids, shared.weight), config.dropout, { seed, site: first })), withoutBias(params.block), {
      count: decoding ? config.decoderLayers : config.layers, recompute: options.checkpointed ?? false, capture: options.capture, inputs,
      layer: (x, block, { index, capture, inputs }) => {
        const at: At = { index, capture, inputs, seed };
        const site = first + 1 + 4 * index;
        const { layer } = block as unknown as { readonly layer: Readonly<Record<number, SelfAttention & CrossAttention & FeedForward>> };
        const told = (part: number, y: Tensor): Tensor => {
          capture?.(`${name}.block.${index}.layer.${part}`, y);
          return y;
        };
        const own = told(0, attendOwn(x, layer[0]!, { causal: decoding, site, at }));
        const read = decoding ? told(1, attendCross(own, layer[1]!, { site: site + 1, at })) : own;
        const last = decoding ? 2 : 1;
        return told(last, feed(read, layer[last]!, { site: site + 2, seed }));
      },
    });
    return dropped(rmsNorm(y, params.final_layer_norm.weight, { eps }), config.dropout, { seed, site: first + DECODER_SITES - 1 });
  };

  const tableOf = (params: Tree, name: 'encoder' | 'decoder'): Tensor => {
    const { block } = (params as unknown as Params)[name];
    return (block[0] as unknown as { readonly layer: readonly [SelfAttention] }).layer[0].SelfAttention.relative_attention_bias!.weight;
  };

  const encode: EncoderDecoder['encode'] = (params, { ids, segments }, options = {}) => {
    const length = ids.shape[1]!;
    const own = relativeBias(tableOf(params, 'encoder'), { ...rule(true), queries: length, keys: length });
    return { states: stack('encoder', ids, { tree: params, inputs: { own, segments }, options }), segments };
  };

  const hidden: EncoderDecoder['hidden'] = (params, { ids, encoded, segments, cache }, options = {}) => {
    const [batch = 0, length = 0] = ids.shape;
    const offset = cache?.own.lengths[0] ?? 0;
    if (cache !== undefined && segments !== undefined) throw new RangeError('t5: expected either segments or a cache in the decoder but found both. Packed texts cannot be continued.');
    if (cache?.own.lengths.some((other) => other !== offset)) throw new RangeError('t5: expected rows of one length in the cache but found several. All rows of a decoder begin together.');
    const inputs: Shared = {
      own: relativeBias(tableOf(params, 'decoder'), { ...rule(false), queries: length, keys: cache?.own.capacity ?? length, offset }),
      states: encoded.states, segments, cross: crossBias({ batch, length, from: encoded.states.shape[1]!, decoder: segments, encoder: encoded.segments }), cache,
    };
    const x = stack('decoder', ids, { tree: params, inputs, options });
    cache?.own.advance(length);
    return config.scaledHead ? mul(x, hiddenSize ** -0.5) : x;
  };

  const head = (params: Tree): Leaf => {
    const { shared, lm_head } = params as unknown as Params;
    return (lm_head ?? shared).weight;
  };
  return {
    config,
    shape,
    startId: config.startId,
    parameters,
    init: (seed) => initialTree(parameters, seed),
    encode,
    hidden,
    head,
    apply: (params, { encoder, decoder }, options) => linear(hidden(params, { ...decoder, encoded: encode(params, encoder, options) }, options), head(params)),
  };
}

/** The blocks without the table of relative positions, which lies in the first of them but belongs to all. */
function withoutBias(block: Tree): Tree {
  const { layer } = block[0] as unknown as { readonly layer: Readonly<Record<number, Tree>> };
  const { relative_attention_bias: _, ...projections } = (layer[0] as unknown as SelfAttention).SelfAttention;
  return { ...block, 0: { layer: { ...layer, 0: { ...layer[0], SelfAttention: projections as unknown as Tree } } } };
}

/** Keeps each text of the decoder to its own encoded text; nothing where neither side has segments. */
function crossBias({ batch, length, from, decoder, encoder }: { batch: number; length: number; from: number; decoder: Tensor | undefined; encoder: Tensor | undefined }): Tensor | undefined {
  if (decoder === undefined && encoder === undefined) return undefined;
  return segmentBias(decoder ?? zeros([batch, length], 'int32'), encoder ?? zeros([batch, from], 'int32'));
}
