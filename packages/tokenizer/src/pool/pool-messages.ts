import type { BatchOptions } from '../batch/encode-batch.ts';
import type { EncodedRows, Texts } from '../batch/encoded-batch.ts';
import type { PaddingOptions } from '../batch/padding-options.ts';

/** What a thread makes its tokenizer of: the text of a tokenizer.json, or the bytes of a SentencePiece model. */
export type PoolSource = { readonly json: string } | { readonly sentencePiece: Uint8Array };

/** The first message to a thread brings the tokenizer, each other one some of the texts of a batch. */
export type PoolRequest = { readonly source: PoolSource } | { readonly texts: Texts; readonly options: BatchOptions };

/** How a thread answers, each request in turn. */
export type PoolAnswer = { readonly padding: PaddingOptions | null } | { readonly rows: EncodedRows } | { readonly error: Error };
