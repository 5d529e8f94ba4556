/** A piece of a text, in UTF-16 units. */
export interface Cut {
  readonly from: number;
  readonly to: number;
  readonly id: number;
}
