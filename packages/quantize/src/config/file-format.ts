import type { Leaf, RawTensor, Weight, WritableTensor } from '@llm/tensor';
import { fromFloat32, toFloat32 } from '@llm/tensor';
import type { GroupedMatrix } from '../grid/grouped-matrix.ts';
import { groupedMatrixOf, isGroupedWeight } from '../grid/grouped-weight.ts';

/** The object that config.json has under `quantization_config`. */
export type QuantizationSettings = Readonly<Record<string, unknown>>;

/** How a module is to be read. */
export interface StoredModule {
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
  /** The model has its matrix as [in, out]. */
  readonly transposed: boolean;
}

/** A way in which matrices in few bits lie in safetensors. */
export interface FileFormat {
  /** `quant_method` of `quantization_config`. */
  readonly method: string;
  /** What config.json says of all modules; `left` are the linear layers that are stored plain. */
  settings(packed: ReadonlyMap<string, Leaf>, left: readonly string[]): QuantizationSettings;
  /** The tensors of a module under these settings, by what follows its name and a dot. */
  pack(module: string, leaf: Leaf, settings: QuantizationSettings): Promise<Record<string, WritableTensor>>;
  /** What follows the name of a module that is stored so. */
  readonly mark: string;
  /** The names, behind that of the module, of tensors that belong to it. */
  readonly parts: RegExp;
  unpack(module: StoredModule, tensors: ReadonlyMap<string, RawTensor>, settings: QuantizationSettings): Weight;
}

/** Codes, scales and zeros of a leaf that some format wants, with whole zeros. */
export async function groupedFor(format: string, module: string, leaf: Leaf): Promise<GroupedMatrix> {
  if (!isGroupedWeight(leaf)) throw new RangeError(`${format}: expected a matrix in groups at ${module} but found another weight. Make it with rtn, gptq, awq or hqq.`);
  if (!leaf.grouped.wholeZeros) throw new RangeError(`${format}: expected whole zeros at ${module} but found others. Make it with hqq({ wholeZeros: true }).`);
  return groupedMatrixOf(leaf);
}

/** Scales as F16; those that it cannot hold exactly are refused, since the file would be another model. */
export function halfScales(format: string, module: string, scales: Float32Array, shape: readonly number[]): WritableTensor {
  const raw = fromFloat32(scales, 'F16', { shape });
  const back = toFloat32(raw);
  if (scales.some((scale, i) => scale !== back[i])) throw new RangeError(`${format}: expected scales that F16 holds exactly at ${module} but found others. Quantize with scaleDtype: 'F16'.`);
  return raw;
}

/** A part of a module, or why it cannot be read. */
export function part(name: string, { name: module }: StoredModule, tensors: ReadonlyMap<string, RawTensor>, expected: { readonly dtype?: string; readonly shape?: readonly number[] } = {}): RawTensor {
  const found = tensors.get(name);
  if (found === undefined) throw new RangeError(`loadQuantized: expected ${module}.${name} but found none. Download the whole checkpoint.`);
  const { dtype, shape } = expected;
  if ((dtype !== undefined && dtype !== found.dtype) || (shape !== undefined && shape.join() !== found.shape.join())) {
    throw new RangeError(`loadQuantized: expected ${dtype ?? 'numbers'} [${shape?.join(', ') ?? '…'}] in ${module}.${name} but found ${found.dtype} [${found.shape.join(', ')}]. Use the config.json that belongs to this checkpoint.`);
  }
  return found;
}

/** The elements of a stored tensor of whole numbers. */
export function words({ data }: RawTensor): Int32Array {
  // A copy: bytes of a file may begin anywhere in a larger buffer.
  return new Int32Array(new Uint8Array(data).buffer);
}

/** A whole number of a configuration from an untrusted file. */
export function wholeSetting(settings: QuantizationSettings, key: string, { min, max }: { min: number; max: number }): number {
  const value = settings[key];
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw new RangeError(`loadQuantized: expected a whole number from ${min} to ${max} as quantization_config.${key} but found ${JSON.stringify(value)?.slice(0, 80)}.`);
  }
  return value as number;
}
