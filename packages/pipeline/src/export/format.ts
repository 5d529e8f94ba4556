import type { Importance, TargetBatch } from '@llm/quantize';
import type { Model, ModelConfig } from '@llm/model';
import type { Tree } from '@llm/tensor';
import type { OpenModel } from '../train/open-model.ts';

export interface ExportOptions {
  /** Where the model was opened. */
  readonly from: string;
  /** A file or a folder, as the format has it. */
  readonly out: string;
  /** One of the format's types. */
  readonly type: string;
  /** What the model is called in the file. */
  readonly name: string;
  /** Rows of text to measure importance on, where that was asked for. */
  readonly calibration?: readonly TargetBatch[] | undefined;
  readonly importance?: Importance | undefined;
  /** A part is about to be written. */
  readonly onPart: (done: number, total: number, name: string) => void;
}

export interface Exported {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** What was stored how: one line for each kind, with the number of tensors, of values and of bytes. */
  readonly kinds: readonly { readonly type: string; readonly tensors: number; readonly values: number; readonly bytes: number }[];
  /** The model as it is read back from what was written, or undefined where it cannot be read here. */
  readonly reopen?: () => Promise<{ readonly model: Model<ModelConfig>; readonly params: Tree }>;
}

/** A kind of file that models are written as. */
export interface ExportFormat {
  readonly description: string;
  /** How numbers may be stored; the first is the default. */
  readonly types: readonly string[];
  /** Types that round so little that answers must be the same. */
  readonly exact: readonly string[];
  /** Whether a text to measure importance on is of use. */
  readonly takesImportance: boolean;
  readonly outOf: (name: string, type: string) => string;
  write(opened: OpenModel, options: ExportOptions): Promise<Exported>;
}
