export { fillRow, IGNORED, packDocuments, type PackedRows, type PackOptions, type RowFields } from './packing/pack-documents.ts';
export { bestFit, contiguous, type PackingStrategy, type Piece } from './packing/strategies.ts';
export { batches, batchesInOrder, batchOf, type BatchOptions, type BatchStream, type CausalBatch, type DataPosition } from './batches.ts';
export { isValidation, splitDocuments, type SplitOptions } from './split-documents.ts';
export { causalLoss, type CausalContext, type CausalLossOptions } from './causal-loss.ts';
export { crossEntropy } from './cross-entropy.ts';
export { bitsPerByte, type Evaluation } from './bits-per-byte.ts';
