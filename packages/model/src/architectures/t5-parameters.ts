import type { Activation } from '@llm/tensor';
import type { SpecialIds } from '../config/special-ids.ts';
import type { Parameter } from '../layers/parameters.ts';

/** The sizes and switches of T5 (version 1.0: ReLU, tied) and T5 1.1 (gated GELU, untied). */
export interface T5Config extends SpecialIds {
  readonly modelType: 't5';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly headDim: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly decoderLayers: number;
  readonly heads: number;
  readonly buckets: number;
  readonly maxDistance: number;
  readonly normEps: number;
  readonly activation: Activation;
  readonly gated: boolean;
  readonly dropout: number;
  readonly tied: boolean;
  /** The decoder's states are divided by √width before the head, as version 1.0 does. */
  readonly scaledHead: boolean;
  /** Multiplies the deviations with which parameters begin. */
  readonly initFactor: number;
  /** The id that the decoder begins with: that of padding. */
  readonly startId: number;
}

/**
 * The tensors of T5. Since scores are not scaled, queries begin smaller by √headDim; everything else as 1/√inputs, times `initFactor`.
 * An untied head begins as 1/√width too, so that a new model says nothing: transformers draws it from N(0, 1), where the first
 * losses are many times the logarithm of the vocabulary.
 */
export function t5Parameters(config: T5Config): Parameter[] {
  const { hiddenSize, intermediateSize, vocabSize, heads, headDim, initFactor } = config;
  const inner = heads * headDim;
  const found: Parameter[] = [];
  const matrix = (name: string, shape: readonly [number, number], std: number): void => { found.push({ name: `${name}.weight`, shape, initial: initFactor * std }); };
  const norm = (name: string): void => { found.push({ name: `${name}.weight`, shape: [hiddenSize], initial: 'ones' }); };
  const attention = (name: string): void => {
    matrix(`${name}.q`, [inner, hiddenSize], (hiddenSize * headDim) ** -0.5);
    matrix(`${name}.k`, [inner, hiddenSize], hiddenSize ** -0.5);
    matrix(`${name}.v`, [inner, hiddenSize], hiddenSize ** -0.5);
    matrix(`${name}.o`, [hiddenSize, inner], inner ** -0.5);
  };
  const feedForward = (name: string): void => {
    for (const part of config.gated ? ['wi_0', 'wi_1'] : ['wi']) matrix(`${name}.${part}`, [intermediateSize, hiddenSize], hiddenSize ** -0.5);
    matrix(`${name}.wo`, [hiddenSize, intermediateSize], intermediateSize ** -0.5);
  };
  matrix('shared', [vocabSize, hiddenSize], 1);
  for (const [stack, count] of [['encoder', config.layers], ['decoder', config.decoderLayers]] as const) {
    for (let i = 0; i < count; i++) {
      const at = `${stack}.block.${i}.layer`;
      attention(`${at}.0.SelfAttention`);
      if (i === 0) matrix(`${at}.0.SelfAttention.relative_attention_bias`, [config.buckets, heads], hiddenSize ** -0.5);
      norm(`${at}.0.layer_norm`);
      if (stack === 'decoder') {
        attention(`${at}.1.EncDecAttention`);
        norm(`${at}.1.layer_norm`);
      }
      const last = stack === 'decoder' ? 2 : 1;
      feedForward(`${at}.${last}.DenseReluDense`);
      norm(`${at}.${last}.layer_norm`);
    }
    norm(`${stack}.final_layer_norm`);
  }
  if (!config.tied) matrix('lm_head', [vocabSize, hiddenSize], hiddenSize ** -0.5);
  return found;
}
