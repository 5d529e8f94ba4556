/** Texts, and pairs of texts. */
export type Texts = readonly (string | readonly [first: string, second: string])[];

/** The rows of a batch, one after the other, before they are filled up. */
export interface EncodedRows {
  readonly ids: Uint32Array;
  /** Row i is `ids.subarray(rowOffsets[i], rowOffsets[i + 1])`: [rows + 1]. */
  readonly rowOffsets: Uint32Array;
  /** Which text an id belongs to, as the post-processor says: [ids.length]. */
  readonly typeIds: Uint32Array;
}

/** The rows of a batch, one after the other. */
export interface EncodedBatch extends EncodedRows {
  /** 1 for an id of the text or of the post-processor, 0 for one that fills up: [ids.length]. */
  readonly attentionMask: Uint8Array;
}
