import type { DatasetType, RawExample } from './raw-example.ts';

/** A JSON object as it stands in a line of a file. */
export type Fields = Readonly<Record<string, unknown>>;

/** One way to write training data down. */
export interface Format {
  readonly name: string;
  readonly type: DatasetType;
  /** The fields that a record of this format has, for messages: `{"prompt", "completion"}`. */
  readonly shape: string;
  /** Whether a record is written in it, by its fields alone. */
  matches(record: Fields): boolean;
  /** The record, checked; throws SftError. */
  read(record: Fields, index: number | undefined): RawExample;
}
