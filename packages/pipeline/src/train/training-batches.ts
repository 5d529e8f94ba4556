import { batches, type BatchStream, batchesInOrder, type CausalBatch, packDocuments, type PackedRows } from '@llm/pretrain';
import { documentsOf, type TokenStore } from '../corpus/token-store.ts';

/** The tokens around every document. */
export interface TextEnds {
  readonly bosId: number;
  readonly endId: number;
}

/** The tokens around every document of a model that has one that ends a text; without one that begins it, that one does both. */
export function textEnds({ bosId, eosIds }: { readonly bosId?: number; readonly eosIds?: readonly number[] }): TextEnds {
  const endId = eosIds![0]!;
  return { bosId: bosId ?? endId, endId };
}

/** Rows of a store: every document begins with a token of its own too, so that its first word is predicted. */
export function packStore(store: TokenStore, { length, bosId, endId }: TextEnds & { readonly length: number }): PackedRows {
  return packDocuments(documentsOf(store), { length, bos: bosId, eos: endId });
}

/** The batches from micro-batch `drawn` on: the order depends on the seed alone. */
export function batchesFrom(rows: PackedRows, { batch, seed, drawn }: { batch: number; seed: number; drawn: number }): BatchStream {
  const perEpoch = Math.floor(rows.count / batch);
  const position = perEpoch === 0 ? { epoch: 0, index: 0 } : { epoch: Math.floor(drawn / perEpoch), index: drawn % perEpoch };
  return batches(rows, { batch, seed, position });
}

/** Validation batches, at most `rows` rows spread over the whole. */
export function* validationBatches(rows: PackedRows, { batch, most = Infinity }: { batch: number; most?: number }): Generator<CausalBatch> {
  const every = Math.max(1, Math.ceil(rows.count / batch / Math.max(1, Math.floor(most / batch))));
  let i = 0;
  for (const each of batchesInOrder(rows, { batch })) if (i++ % every === 0) yield each;
}
