import { isWeight, type Leaf, nf4, type QuantizedWeight, quantizedWeight, type RawTensor, type Tensor, tensor, toFloat32, type WritableTensor } from '@llm/tensor';
import { type FileFormat, part, type StoredModule } from './file-format.ts';

const STATE = 'weight.quant_state.bitsandbytes__nf4';
const SCALES_PER_BLOCK = 256;
/** Values to a word of ours. */
const LANES = 8;

/** The levels in the order of their codes, as they are stored beside each matrix. */
const LEVELS = Float32Array.of(
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
);

interface State { readonly blocksize: number; readonly shape: readonly number[]; readonly quant_type: string; readonly nested_blocksize?: number; readonly nested_offset?: number }

/** Four-bit codes, the first in the low bits of a word, as bytes with the first in the high half; and back. */
function swapped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => ((byte & 15) << 4) | (byte >> 4));
}

function nf4Of(leaf: Leaf, module: string): QuantizedWeight {
  if (isWeight(leaf) && (leaf as Partial<QuantizedWeight>).format?.name === 'nf4' && !(leaf as QuantizedWeight).transposed) return leaf as QuantizedWeight;
  throw new RangeError(`bitsandbytes: expected a matrix [out, in] in nf4 at ${module} but found another. Make it with quantize and nf4(); GPT-2's matrices are stored the other way round.`);
}

/** The number of values that share a scale. */
function blockSizeOf({ tensors }: QuantizedWeight): number {
  const scales = tensors['scale']?.size;
  if (scales !== undefined) return (tensors['codes']!.size * LANES) / scales;
  // Codes of scales are padded to whole blocks of 256; 64 is the only size that is written with them.
  return 64;
}

/**
 * The layout of bitsandbytes for NF4: `weight` U8 [⌈n / 2⌉, 1], two codes a byte, `weight.absmax`, `weight.quant_map`, and a JSON text of
 * sizes as bytes; with double quantization `weight.nested_absmax` and `weight.nested_quant_map` too.
 */
export const bitsandbytesFile: FileFormat = {
  method: 'bitsandbytes',
  mark: STATE,
  parts: /^weight(?:\.(?:absmax|quant_map|nested_absmax|nested_quant_map|quant_state\.bitsandbytes__nf4))?$/,
  async pack(module, leaf) {
    const weight = nf4Of(leaf, module);
    const count = weight.shape[0]! * weight.shape[1]!;
    const blocksize = blockSizeOf(weight);
    const blocks = Math.ceil(count / blocksize);
    const read = async (name: string): Promise<Float32Array | Int32Array> => await weight.tensors[name]!.data() as Float32Array | Int32Array;
    const bytesOf = (words: ArrayLike<number>): Uint8Array => new Uint8Array(Int32Array.from(words).buffer);
    const state: Record<string, unknown> = { quant_type: 'nf4', blocksize, dtype: 'float32', shape: [...weight.shape] };
    const made: Record<string, WritableTensor> = {
      weight: { dtype: 'U8', shape: [Math.ceil(count / 2), 1], data: swapped(bytesOf(await read('codes')).subarray(0, Math.ceil(count / 2))) },
      'weight.quant_map': { dtype: 'F32', shape: [16], data: LEVELS },
    };
    if (weight.tensors['scale'] !== undefined) made['weight.absmax'] = { dtype: 'F32', shape: [blocks], data: await read('scale') as Float32Array };
    else {
      const nested = await read('scale_scale') as Float32Array;
      Object.assign(state, { nested_blocksize: SCALES_PER_BLOCK, nested_dtype: 'float32', nested_offset: (await read('scale_offset'))[0] });
      made['weight.absmax'] = { dtype: 'U8', shape: [blocks], data: bytesOf(await read('scale_codes')).subarray(0, blocks).map((code) => code + 128) };
      made['weight.nested_absmax'] = { dtype: 'F32', shape: [nested.length], data: nested };
      made['weight.nested_quant_map'] = { dtype: 'F32', shape: [256], data: await read('scale_levels') as Float32Array };
    }
    const text = new TextEncoder().encode(JSON.stringify(state));
    made[STATE] = { dtype: 'U8', shape: [text.length], data: text };
    return made;
  },
  settings(packed, left) {
    const nested = [...packed.values()].some((leaf) => isWeight(leaf) && leaf.tensors['scale'] === undefined);
    return {
      quant_method: 'bitsandbytes', load_in_4bit: true, load_in_8bit: false, bnb_4bit_quant_type: 'nf4', bnb_4bit_use_double_quant: nested,
      bnb_4bit_compute_dtype: 'float32', bnb_4bit_quant_storage: 'uint8', llm_int8_skip_modules: left.length === 0 ? null : left,
    };
  },
  unpack(module, tensors) {
    const { blocksize, nested } = checkedState(module, tensors);
    const { outputs, inputs } = module;
    const count = outputs * inputs;
    const blocks = Math.ceil(count / blocksize);
    const format = nf4({ blockSize: blocksize, doubleQuantized: nested !== undefined });
    const codes = new Uint8Array((blocks * blocksize) / 2);
    codes.set(swapped(part('weight', module, tensors, { dtype: 'U8', shape: [Math.ceil(count / 2), 1] }).data));
    const wordsOf = (bytes: Uint8Array): Tensor => {
      const words = new Int32Array(new Uint8Array(bytes).buffer);
      return tensor(words, [words.length], 'int32');
    };
    const floats = (name: string, shape: readonly number[]): Float32Array => toFloat32(part(name, module, tensors, { dtype: 'F32', shape })).slice();
    const held: Record<string, Tensor> = { codes: wordsOf(codes) };
    if (nested === undefined) held['scale'] = tensor(floats('weight.absmax', [blocks]));
    else {
      const groups = Math.ceil(blocks / SCALES_PER_BLOCK);
      const bytes = new Uint8Array(groups * SCALES_PER_BLOCK);
      bytes.set(part('weight.absmax', module, tensors, { dtype: 'U8', shape: [blocks] }).data.map((code) => code - 128));
      Object.assign(held, {
        scale_codes: wordsOf(bytes), scale_scale: tensor(floats('weight.nested_absmax', [groups])), scale_offset: tensor([nested]),
        scale_levels: tensor(floats('weight.nested_quant_map', [256]), [256, 1]),
      });
    }
    // A weight of this kind to put them into.
    const template = quantizedWeight(new Float32Array(count), { shape: [outputs, inputs], format });
    for (const each of Object.values(template.tensors)) each.dispose();
    return template.with(held);
  },
};

/** The sizes in the JSON text, checked; `nested` is the offset of scales that are stored in bytes. */
function checkedState(module: StoredModule, tensors: ReadonlyMap<string, RawTensor>): { blocksize: number; nested: number | undefined } {
  const text = new TextDecoder().decode(part(STATE, module, tensors, { dtype: 'U8' }).data);
  let state: Partial<State>;
  try {
    state = JSON.parse(text) as Partial<State>;
  } catch {
    throw new RangeError(`loadQuantized: expected JSON in ${module.name}.${STATE} but found ${JSON.stringify(text.slice(0, 40))}. The file is damaged.`);
  }
  const { blocksize = 0, quant_type: type, shape, nested_blocksize: nestedSize, nested_offset: offset } = state;
  if (type !== 'nf4' || !Number.isInteger(blocksize) || blocksize < 8 || blocksize % 8 !== 0 || blocksize > 2 ** 20 || shape?.join() !== [module.outputs, module.inputs].join()) {
    throw new RangeError(`loadQuantized: expected nf4 of [${module.outputs}, ${module.inputs}] in whole blocks of eight at ${module.name} but found ${JSON.stringify(state).slice(0, 120)}.`);
  }
  if (nestedSize === undefined) return { blocksize, nested: undefined };
  if (nestedSize !== SCALES_PER_BLOCK || typeof offset !== 'number' || blocksize !== 64) throw new RangeError(`loadQuantized: expected scales in blocks of 256 over blocks of 64 at ${module.name} but found ${JSON.stringify(state).slice(0, 120)}.`);
  return { blocksize, nested: offset };
}
