/** The sizes that formulas and caches need, the same for every architecture. */
export interface ModelShape {
  readonly vocabSize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly maxPositions: number;
  /** Width inside the MLP, and its number of input projections: 1 for GELU MLPs, 2 for gated ones. */
  readonly mlpWidth: number;
  readonly mlpInputs: 1 | 2;
  readonly tied: boolean;
  /** Every token sees those after it too (BERT, RoBERTa): for masked language modelling, not for the causal objective or for generation. */
  readonly bidirectional?: true;
  /** Of a mixture of experts: how many MLPs a layer has, and how many of them each token goes through. */
  readonly experts?: { readonly count: number; readonly perToken: number };
}

/** The sizes of an encoder-decoder model; `layers` are those of the encoder. */
export interface EncoderDecoderShape extends ModelShape {
  readonly decoderLayers: number;
}
