/** The largest sizes that a configuration may name: far above real models, far below what overflows an index or a memory. */
export const LIMITS: Readonly<Record<'vocab' | 'width' | 'mlp' | 'layers' | 'heads' | 'headDim' | 'positions' | 'experts', number>> = {
  vocab: 2 ** 22, width: 2 ** 16, mlp: 2 ** 19, layers: 1024, heads: 1024, headDim: 1024, positions: 2 ** 27, experts: 4096,
};
