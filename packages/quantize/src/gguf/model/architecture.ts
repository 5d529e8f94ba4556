import type { ModelConfig } from '@llm/model';
import type { GgufMetadata, GgufTensorInfo, GgufValue } from '@llm/tensor';

/** Where a parameter stands in a file. */
export interface Placement {
  /** The path of the parameter: the Hugging Face name. */
  readonly path: string;
  /** Its name in the file. */
  readonly name: string;
  /** Heads whose rows are interleaved, as llama.cpp's rotary embedding for Llama wants them. */
  readonly heads?: number;
  /** The model has it as [in, out], the file as [out, in]. */
  readonly transposed?: boolean;
}

/** A tensor of the file that is no parameter. */
export interface ExtraTensor { readonly name: string; readonly values: Float32Array }

/** What is known of a file before its values are read. */
export interface StoredModel { readonly metadata: GgufMetadata; readonly tensors: ReadonlyMap<string, GgufTensorInfo> }

/** How a family of models is written as one of llama.cpp's architectures, and read again. */
export interface Architecture {
  /** The value of general.architecture. */
  readonly name: string;
  /** Throws a ModelError for what llama.cpp cannot say. */
  keys(config: ModelConfig): [string, GgufValue][];
  placements(config: ModelConfig): Placement[];
  extras(config: ModelConfig): ExtraTensor[];
  /** The config.json of a file; `value` of an extra tensor may decide. */
  readConfig(stored: StoredModel, extra: (name: string) => Promise<Float32Array>): Promise<Record<string, unknown>>;
}

/** A whole number of the metadata. */
export const u32 = (value: number): GgufValue => ({ type: 'u32', value });
/** A number of the metadata. */
export const f32 = (value: number): GgufValue => ({ type: 'f32', value });
