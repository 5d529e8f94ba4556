import { abs, add, cast, div, matMul, max, maximum, minimum, mul, neg, reshape, split, sub, type Tensor, tensor } from '@llm/tensor';

/** How the codes of a format lie; see `QuantizedFormat.blocks` of @llm/tensor. */
export interface CodeLayout {
  readonly bits: 4 | 8;
  readonly blockSize: number;
  readonly asymmetric: boolean;
}

/** A step that vanishes in 32 bits stands for zeros. */
const LEAST_STEP = 1e-37;

/** ⌊x⌋ for x from 0 on. */
const whole = (x: Tensor): Tensor => cast(cast(x, 'int32'), 'float32');

/**
 * The tensors of a format for some values, computed where the values are: what `int4` and `int8` of @llm/tensor do on the host, in 32
 * bits. Values [blocks, blockSize] → codes int32 [words], scale [blocks], and offset [blocks] where asymmetric.
 */
export function deviceCodes(values: Tensor, { bits, asymmetric }: CodeLayout): Record<string, Tensor> {
  const blocks = values.shape[0]!;
  const steps = 2 ** bits - 1;
  const middle = 2 ** (bits - 1);
  const column = (x: Tensor): Tensor => reshape(x, [blocks, 1]);
  if (asymmetric) {
    const least = neg(max(neg(values), 1));
    const scale = div(sub(max(values, 1), least), steps);
    const places = whole(minimum(steps, add(div(sub(values, column(least)), column(maximum(scale, LEAST_STEP))), 0.5)));
    const shift = bits === 8 ? 128 : 0;
    return { codes: packed(places, bits), scale, offset: neg(shift === 0 ? least : add(least, mul(scale, shift))) };
  }
  const scale = div(max(abs(values), 1), middle - 1);
  // With the middle added codes are above 0, where cutting is rounding down.
  const places = whole(maximum(1, minimum(steps, add(div(values, column(maximum(scale, LEAST_STEP))), middle + 0.5))));
  return { codes: packed(places, bits), scale };
}

/** Places from 0 to 2ᵇ − 1 as words, the first in the lowest bits; of bytes the sign is turned, since they are signed. */
function packed(places: Tensor, bits: 4 | 8): Tensor {
  const each = 16 / bits;
  const unsigned = bits === 4 ? places : sub(add(places, 128), mul(256, whole(div(places, 128))));
  // Halves of words are whole numbers that f32 holds, so a product adds them up.
  const factors = tensor(Float32Array.from({ length: each }, (_, i) => 2 ** (bits * i)), [each, 1]);
  const halves = cast(matMul(reshape(unsigned, [places.size / each, each]), factors), 'int32');
  const [low, high] = split(reshape(halves, [places.size / (2 * each), 2]), 2, 1);
  return reshape(add(mul(high!, tensor(65_536, [], 'int32')), low!), [places.size / (2 * each)]);
}
