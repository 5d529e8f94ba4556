import { dequantizeBf16, dequantizeF16 } from '@llm/kernels';
import { slice, tensor } from '@tensorflow/tfjs-core';
import { call } from '../device/call.ts';
import { fromFloat32 } from '../safetensors/convert.ts';
import type { QuantizedFormat } from './format.ts';

/** Values of two bytes, two to a word with the first in the lower half. */
function halves(name: 'f16' | 'bf16', { dtype, kernel, remedy }: { dtype: 'F16' | 'BF16'; kernel: typeof dequantizeF16; remedy: string }): QuantizedFormat {
  return {
    name,
    quantize(values) {
      const { data } = fromFloat32(values, dtype);
      const words = new Int32Array(Math.ceil(values.length / 2));
      new Uint8Array(words.buffer).set(data);
      const halves = new Uint16Array(words.buffer);
      // All bits of the exponent: infinite, or no number.
      const special = dtype === 'F16' ? 0x7c00 : 0x7f80;
      const at = halves.findIndex((half) => (half & special) === special);
      if (at >= 0) throw new RangeError(`${name}: expected finite values but found ${values[at]} at ${at}${Number.isFinite(values[at]!) ? ', which is beyond its range' : ''}. ${remedy}`);
      return { codes: tensor(words, [words.length], 'int32') };
    },
    dequantize({ codes }, count) {
      const { y } = call(kernel, { inputs: { packed: codes }, dims: { words: codes!.size, lanes: 2 }, outputs: { y: [2 * codes!.size] } });
      return y.size === count ? y : slice(y, [0], [count]);
    },
  };
}

/**
 * Two bytes a value with 8 bits of exponent: the upper half of a 32-bit float, rounded to the nearest and ties to even, off by 2^−8 of
 * a value at most. For frozen weights that are to lose next to nothing; weights that were published in bfloat16 lose nothing at all.
 */
export function bf16(): QuantizedFormat {
  return halves('bf16', { dtype: 'BF16', kernel: dequantizeBf16, remedy: 'Look for what broke the weights.' });
}

/** Two bytes a value as IEEE 754 has them (binary16), off by 2^−11 of a value at most, from 2^−14 to 65,504 in magnitude. */
export function f16(): QuantizedFormat {
  return halves('f16', { dtype: 'F16', kernel: dequantizeF16, remedy: 'Store them as bf16, or look for what broke them.' });
}
