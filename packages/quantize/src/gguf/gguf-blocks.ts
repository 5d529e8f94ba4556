import { fromFloat32, GgufError, ggufBytes, GGUF_TYPES, type GgufType, toFloat32 } from '@llm/tensor';
import { CODECS, isBlockType } from './blocks/codecs.ts';
import { COMPILED } from './blocks/compiled-codecs.ts';

export interface BlocksOptions {
  readonly type: GgufType;
  /** Sizes, the innermost last: rows of it are divided into blocks. */
  readonly shape: readonly number[];
  /** How much the error in each column counts, ≥ 0, one number for each; default: as the type weighs them itself. */
  readonly importance?: Float32Array | undefined;
  /** For messages. */
  readonly name?: string;
}

/** Where the half floats of a block's scales lie. */
const SCALES: Readonly<Record<string, readonly number[]>> = {
  Q8_0: [0], Q4_0: [0], Q4_1: [0, 2], Q5_0: [0], Q5_1: [0, 2], Q2_K: [80, 82], Q3_K: [108], Q4_K: [0, 2], Q5_K: [0, 2], Q6_K: [208],
};

/**
 * The bytes of a tensor in a type of GGUF (F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K), the same that
 * llama.cpp's reference quantizers write. Each type's law is told in its file in `blocks/`.
 *
 * `values` row-major, prod(shape) of them.
 *
 * @throws GgufError E_BLOCK where rows do not divide into blocks (see `ggufTypeOf` for what is taken instead), E_VALUE for values or importance that are not finite, or so large
 * that no half float can scale them, E_TYPE for a type that is not written here, E_TENSOR_SIZE.
 *
 * @example
 * ```ts
 * import { dequantizeBlocks, quantizeBlocks } from '@llm/quantize';
 * const values = Float32Array.from({ length: 32 }, (_, i) => i - 16);
 * const blocks = quantizeBlocks(values, { type: 'Q8_0', shape: [1, 32] });
 * const again = dequantizeBlocks(blocks, { type: 'Q8_0', shape: [1, 32] });
 * if (blocks.length !== 34 || again.some((value, i) => Math.abs(value - values[i]!) > 0.07)) throw new Error('within half a step of 16 / 127');
 * ```
 *
 * Block quantization as in llama.cpp, https://github.com/ggml-org/llama.cpp/pull/1684 for those of 256 values.
 */
export function quantizeBlocks(values: Float32Array, { type, shape, importance, name = 'tensor' }: BlocksOptions): Uint8Array {
  const bytes = ggufBytes(type, shape, { name });
  const count = shape.reduce((product, size) => product * size, 1);
  if (values.length !== count) throw new GgufError('E_TENSOR_SIZE', `quantizeBlocks: expected ${count} values for ${name} [${shape.join(', ')}] but found ${values.length}.`);
  if (type === 'F32' || type === 'F16' || type === 'BF16') return fromFloat32(values, type, { shape }).data;
  if (!isBlockType(type)) throw new GgufError('E_TYPE', `quantizeBlocks: expected F32, F16, BF16 or one of ${Object.keys(CODECS).join(', ')} but found ${type}.`);
  const width = shape.at(-1) ?? 1;
  // Q8_0 carries what is not finite, or too large, into its scales, which are looked at below: half of its time would go into looking before.
  if (type !== 'Q8_0') checkValues(values, name);
  if (importance !== undefined && importance.length !== width) throw new GgufError('E_TENSOR_SIZE', `quantizeBlocks: expected the importance of ${width} columns of ${name} but found ${importance.length} numbers.`);
  if (importance !== undefined) checkValues(importance, `the importance of ${name}`);
  const out = new Uint8Array(bytes);
  const quantize = COMPILED[type] ?? CODECS[type].quantize;
  if (importance === undefined) quantize(values, out);
  else {
    const rowBytes = bytes / (count / width);
    for (let row = 0; row < count / width; row++) quantize(values.subarray(row * width, (row + 1) * width), out.subarray(row * rowBytes, (row + 1) * rowBytes), importance);
  }
  checkScales(out, { type, name, values });
  return out;
}

/** More than the largest half float times the largest scale and code of any type, and far from where squares overflow. */
const LIMIT = 2 ** 29;

function checkValues(values: Float32Array, name: string): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < LIMIT && value > -LIMIT) continue;
    throw new GgufError('E_VALUE', Number.isFinite(value)
      ? `quantizeBlocks: expected numbers below 2^29 but found ${value} at ${i} of ${name}, which no half float can scale. Store it as F32 or BF16.`
      : `quantizeBlocks: expected finite numbers but found ${value} at ${i} of ${name}. Look for what broke the weights before they are quantized.`);
  }
}

/** An outlier whose block no half float can scale would come back as infinity: refused, as llama.cpp does. */
function checkScales(blocks: Uint8Array, { type, name, values }: { type: GgufType; name: string; values: Float32Array }): void {
  const { blockBytes, blockSize } = GGUF_TYPES[type];
  for (const place of SCALES[type]!) {
    for (let at = place; at < blocks.length; at += blockBytes) {
      if ((blocks[at + 1]! & 0x7c) !== 0x7c) continue;
      checkValues(values, name);
      throw new GgufError('E_VALUE', `quantizeBlocks: expected numbers that ${type} can scale with a half float but found larger ones in ${name} from ${((at - place) / blockBytes) * blockSize} on. Store it as F32 or BF16.`);
    }
  }
}

/**
 * The values of blocks again, as 32-bit floats: what llama.cpp computes with.
 *
 * @throws GgufError E_TYPE for a type that is not read here, E_TENSOR_SIZE where the bytes do not fit the shape.
 *
 * @example
 * ```ts
 * import { dequantizeBlocks } from '@llm/quantize';
 * const [one] = dequantizeBlocks(Uint8Array.of(0, 0x3c), { type: 'F16', shape: [1] });
 * if (one !== 1) throw new Error('0x3c00 is 1');
 * ```
 */
export function dequantizeBlocks(blocks: Uint8Array, { type, shape, name = 'tensor' }: Omit<BlocksOptions, 'importance'>): Float32Array {
  const bytes = ggufBytes(type, shape, { name });
  if (blocks.length !== bytes) throw new GgufError('E_TENSOR_SIZE', `dequantizeBlocks: expected ${bytes} bytes for ${name} (${type}, [${shape.join(', ')}]) but found ${blocks.length}.`);
  if (type === 'F32' || type === 'F16' || type === 'BF16' || type === 'F64') return toFloat32({ dtype: type, shape, data: blocks });
  if (!isBlockType(type)) throw new GgufError('E_TYPE', `dequantizeBlocks: expected F32, F16, BF16, F64 or one of ${Object.keys(CODECS).join(', ')} but found ${type} in ${name}. Quantize the model to one of these.`);
  const out = new Float32Array(shape.reduce((product, size) => product * size, 1));
  CODECS[type].dequantize(blocks, out);
  return out;
}

