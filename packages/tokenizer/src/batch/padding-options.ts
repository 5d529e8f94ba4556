/** How short rows are filled up. */
export interface PaddingOptions {
  /** The length of every row; the longest row of the batch by default. Longer rows stay as they are. */
  readonly length?: number;
  /** Rows are as long as a multiple of this. 1 by default. */
  readonly multipleOf?: number;
  /** The end at which rows are filled up, `right` by default. */
  readonly direction?: 'left' | 'right';
  /** The id that fills up; 0 by default, and with `tokenizer.tokenToId('<pad>')` the right one. */
  readonly id?: number;
  /** The type id that goes with it. 0 by default. */
  readonly typeId?: number;
}
