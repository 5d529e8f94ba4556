import {
  abs, differentiable, int4, isWeight, type Leaf, leaves, linear, mapLeaves, max, maximum, minimum, mul, neg, type QuantizedFormat, type QuantizedWeight, quantizedWeightOf,
  reshape, scope, type Tensor, transpose, type Tree, unflatten, type Weight, zerosLike,
} from '@llm/tensor';
import { type Chosen, linearsOf } from '../tree/linears.ts';
import { codedValues, type CodeLayout, deviceCodes } from './device-codes.ts';

export interface FakeQuantizedOptions extends Chosen {
  /** `int4()` or `int8()` of @llm/tensor, in blocks that divide the rows; default int4(). */
  readonly format?: QuantizedFormat;
  /** The range of a block as a share of its largest value: what lies beyond is cut and gets no gradient. Default 1. */
  readonly clip?: number;
}

/** A full-precision matrix that multiplies as if it were in few bits. */
export interface FakeQuantizedWeight extends Weight {
  /** The matrix in few bits for good, as it is multiplied with now. */
  quantized(): Promise<QuantizedWeight>;
}

function isFakeQuantized(leaf: Leaf): leaf is FakeQuantizedWeight {
  return isWeight(leaf) && 'quantized' in leaf;
}

interface Kind { readonly format: QuantizedFormat; readonly layout: CodeLayout; readonly clip: number; readonly transposed: boolean; readonly shape: readonly [number, number] }

function over(weight: Tensor, kind: Kind): FakeQuantizedWeight {
  const { format, layout, clip, transposed, shape } = kind;
  // Rows of [out, in], as codes lie, whatever way the model has the matrix.
  const blocks = (): Tensor => {
    const rows = reshape(transposed ? transpose(weight) : weight, [weight.size / layout.blockSize, layout.blockSize]);
    return clip === 1 ? rows : cutBlocks(rows, clip);
  };
  const rounded = (): Tensor => {
    const values = blocks();
    const made = differentiable({
      inputs: { values },
      forward: () => codedValues(deviceCodes(values, layout), layout),
      // Rounding counts as the identity: what moves the rounded matrix moves the master.
      backward: (dy) => ({ values: () => dy }),
    });
    return reshape(made, [...shape]);
  };
  const applyWith: NonNullable<Weight['applyWith']> = (x, epilogue) => linear(x, rounded(), epilogue);
  return {
    shape,
    tensors: { weight },
    with: (others) => over(others['weight']!, kind),
    apply: (x) => applyWith(x, {}),
    applyWith,
    matrix: () => (transposed ? transpose(rounded()) : rounded()),
    async quantized() {
      const { codes, scale, offset } = scope(() => ({ ...deviceCodes(blocks(), layout) }));
      try {
        const [held, scales, offsets] = await Promise.all([codes.data(), scale.data(), offset?.data()]) as [Float32Array, Float32Array, Float32Array | undefined];
        return quantizedWeightOf({ codes: new (layout.bits === 4 ? Uint8Array : Int8Array)(held), scale: scales, offset: offsets }, { shape, format, transposed });
      } finally {
        for (const each of [codes, scale, offset]) each?.dispose();
      }
    },
  };
}

/** Values cut at a share of the largest of their block; the limits themselves are constants. */
function cutBlocks(values: Tensor, clip: number): Tensor {
  const limit = differentiable({
    inputs: { values },
    forward: () => reshape(mul(max(abs(values), 1), clip), [values.shape[0]!, 1]),
    backward: () => ({ values: () => zerosLike(values) }),
  });
  return maximum(neg(limit), minimum(limit, values));
}

/**
 * The tree whose matrices multiply as if they were in few bits while their full-precision masters are trained: quantization-aware training.
 *
 *   y = x · dequantize(round(W))ᵀ;  ∂L/∂W = (∂L/∂y)ᵀ · x where W lies within the range, 0 beyond
 *
 * The forward pass is to the bit that of `converted`, which puts the trained masters into few bits (without a gradient, as that of
 * `withExactProducts`: products of int4 and int8 round x too). The masters are the tensors of `params`, trained in place.
 * Bengio et al. 2013, https://arxiv.org/abs/1308.3432; Jacob et al. 2017, https://arxiv.org/abs/1712.05877
 *
 * @throws RangeError for a format without codes and scales, for blocks that do not divide the rows, and for a clip outside (0, 1].
 *
 * @example
 * ```ts
 * import { converted, fakeQuantized } from '@llm/quantize';
 * import { int4, linear, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const params = fakeQuantized({ proj: { weight: tensor([[7, -3.4, 1, 0, 0, 0, 0, 0]]) } }, { format: int4({ blockSize: 8 }) });
 * const x = tensor([[1, 1, 0, 0, 0, 0, 0, 0]]);
 * const y = (p: any) => linear(x, p.proj.weight).dataSync()[0];
 * if (y(params) !== 4 || y(await converted(params)) !== 4) throw new Error('−3.4 is −3 in steps of 1');
 * ```
 */
export function fakeQuantized(params: Tree, { format = int4(), clip = 1, ...chosen }: FakeQuantizedOptions = {}): Tree {
  const layout = format.blocks;
  if (layout === undefined) throw new RangeError(`fakeQuantized: expected a format of codes with scales, int4 or int8, but found ${format.name}.`);
  if (!(clip > 0 && clip <= 1)) throw new RangeError(`fakeQuantized: expected a clip above 0 up to 1 but found ${clip}.`);
  const linears = new Map(linearsOf(params, chosen).map((linear) => [linear.path, linear]));
  return mapLeaves(params, (leaf, path) => {
    const linear = linears.get(path);
    if (linear !== undefined && isWeight(leaf) && leaf.data !== undefined) throw new TypeError(`fakeQuantized: expected a matrix in one tensor but found row blocks at ${path}. Train on a device that holds it whole, or leave it out with include.`);
    if (linear === undefined || isWeight(leaf)) return leaf;
    const { inputs, outputs, transposed } = linear;
    if (inputs % layout.blockSize !== 0) {
      throw new RangeError(`fakeQuantized: expected rows of whole blocks of ${layout.blockSize} but found ${inputs} in ${path}. Choose a block size that divides them, or leave the matrix out with include.`);
    }
    return over(leaf, { format, layout, clip, transposed, shape: [outputs, inputs] });
  });
}

/** The tree of `fakeQuantized` with its matrices in few bits for good; the masters stay with the caller. */
export async function converted(params: Tree): Promise<Tree> {
  const entries: [string, Leaf][] = [];
  for (const [path, leaf] of leaves(params)) entries.push([path, isFakeQuantized(leaf) ? await leaf.quantized() : leaf]);
  return unflatten(entries);
}
