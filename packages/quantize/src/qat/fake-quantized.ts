import {
  abs, differentiable, int4, isWeight, type Leaf, linear, mapLeaves, matMul, max, maximum, minimum, mul, neg, type QuantizedFormat, type QuantizedWeight, quantizedWeight,
  reshape, scope, sum, type Tensor, transpose, type Tree, type Weight, zerosLike,
} from '@llm/tensor';
import { type Chosen, linearsOf } from '../tree/linears.ts';
import { type CodeLayout, deviceCodes } from './device-codes.ts';

export interface FakeQuantizedOptions extends Chosen {
  /** `int4()` or `int8()` of @llm/tensor, in blocks that divide the matrices; default int4(). */
  readonly format?: QuantizedFormat;
  /** The range of a block as a share of its largest value: what lies beyond is cut and gets no gradient. Default 1. */
  readonly clip?: number;
}

/** A full-precision matrix that multiplies as if it were in few bits. */
export interface FakeQuantizedWeight extends Weight {
  /** The matrix in few bits, as `fakeQuantized` multiplies with it now. */
  quantized(): QuantizedWeight;
}

function isFakeQuantized(leaf: Leaf): leaf is FakeQuantizedWeight {
  return isWeight(leaf) && 'quantized' in leaf;
}

interface Kind { readonly layout: CodeLayout; readonly clip: number; readonly transposed: boolean; readonly template: QuantizedWeight }

function over(weight: Tensor, kind: Kind): FakeQuantizedWeight {
  const { layout, clip, transposed, template } = kind;
  const [outputs, inputs] = template.shape as [number, number];
  const blocks = [weight.size / layout.blockSize, layout.blockSize];
  const codesOf = (values: Tensor): Record<string, Tensor> => deviceCodes(reshape(values, blocks), layout);
  // Rows of [out, in], as codes lie, whatever way the model has the matrix.
  const cut = (): Tensor => {
    const rows = transposed ? transpose(weight) : weight;
    return clip === 1 ? rows : reshape(cutBlocks(reshape(rows, blocks), clip), rows.shape);
  };
  const applyWith: NonNullable<Weight['applyWith']> = (x, { bias, residual }) => {
    const limited = cut();
    return differentiable({
      inputs: { x, limited, bias, residual },
      forward: (save) => {
        const held = codesOf(limited);
        save([x, ...Object.values(held)]);
        return linear(x, template.with(held), { bias, residual });
      },
      backward: (dy, [x, ...held]) => {
        const rows = dy.size / outputs;
        const [dz, z] = [reshape(dy, [rows, outputs]), reshape(x!, [rows, inputs])];
        return {
          x: () => linear(dy, filled(template, held).matrix(), { transposed: !transposed }),
          // Rounding counts as the identity: what moves the rounded matrix moves the master.
          limited: () => matMul(dz, z, true),
          bias: () => sum(dz, 0),
          residual: () => dy,
        };
      },
    });
  };
  return {
    shape: [outputs, inputs],
    tensors: { weight },
    with: (others) => over(others['weight']!, kind),
    apply: (x) => applyWith(x, {}),
    applyWith,
    quantized: () => template.with(scope(() => codesOf(cut()))) as QuantizedWeight,
  };
}

/** The template over tensors in the order of their names. */
function filled(template: QuantizedWeight, held: readonly Tensor[]): QuantizedWeight {
  return template.with(Object.fromEntries(Object.keys(template.tensors).map((name, i) => [name, held[i]!]))) as QuantizedWeight;
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
 * The forward pass is to the bit that of `converted`, which puts the trained masters into few bits; the masters are the tensors of
 * `params`, trained in place. Bengio et al. 2013, https://arxiv.org/abs/1308.3432; Jacob et al. 2017, https://arxiv.org/abs/1712.05877
 *
 * @throws RangeError for a format without codes and scales, for blocks that do not divide a matrix, and for a clip outside (0, 1].
 *
 * @example
 * ```ts
 * import { converted, fakeQuantized } from '@llm/quantize';
 * import { int4, linear, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const params = fakeQuantized({ proj: { weight: tensor([[7, -3.4, 1, 0, 0, 0, 0, 0]]) } }, { format: int4({ blockSize: 8 }) });
 * const x = tensor([[1, 1, 0, 0, 0, 0, 0, 0]]);
 * const y = (p: any) => linear(x, p.proj.weight).dataSync()[0];
 * if (y(params) !== 4 || y(converted(params)) !== 4) throw new Error('−3.4 is −3 in steps of 1');
 * ```
 */
export function fakeQuantized(params: Tree, { format = int4(), clip = 1, ...chosen }: FakeQuantizedOptions = {}): Tree {
  const layout = format.blocks;
  if (layout === undefined) throw new RangeError(`fakeQuantized: expected a format of codes with scales, int4 or int8, but found ${format.name}.`);
  if (!(clip > 0 && clip <= 1)) throw new RangeError(`fakeQuantized: expected a clip above 0 up to 1 but found ${clip}.`);
  const linears = new Map(linearsOf(params, chosen).map((linear) => [linear.path, linear]));
  return mapLeaves(params, (leaf, path) => {
    const linear = linears.get(path);
    if (linear === undefined || isWeight(leaf)) return leaf;
    if (linear.inputs % layout.blockSize !== 0) {
      throw new RangeError(`fakeQuantized: expected rows of whole blocks of ${layout.blockSize} but found ${linear.inputs} in ${path}. Choose a block size that divides them, or leave the matrix out with include.`);
    }
    const template = quantizedWeight(new Float32Array(leaf.size), { shape: leaf.shape as [number, number], format, transposed: linear.transposed });
    // Only its kind is wanted: the tensors are made anew from the master in each product.
    for (const tensor of Object.values(template.tensors)) tensor.dispose();
    return over(leaf, { layout, clip, transposed: linear.transposed, template });
  });
}

/** The tree of `fakeQuantized` with its matrices in few bits for good; the masters stay with the caller. */
export function converted(params: Tree): Tree {
  return mapLeaves(params, (leaf) => (isFakeQuantized(leaf) ? leaf.quantized() : leaf));
}
