/** Something about a record that training would not refuse, but that is probably wrong. */
export interface Finding {
  /** A stable name of the kind of finding. */
  readonly rule: string;
  /** The number of the record. */
  readonly record: number;
  readonly message: string;
}
