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
}
