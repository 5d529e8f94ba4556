import { isWeight, type Leaf, type Seed, type Tensor, type Weight } from '@llm/tensor';

/** Which values a layer drops: a function of both, as `dropout` has it. */
export interface Mask {
  readonly seed: Seed;
  /** The place of the layer in the tree, a whole number in [0, 2³²). */
  readonly site: number;
}

/** What an adapter adds to one matrix: tensors of its own, and how they act over the matrix. */
export interface AdapterLayer {
  /** Which technique it is; `isLoraLayer` and its kin tell them apart. */
  readonly kind: string;
  /** The tensors that are trained, under the names that PEFT gives them. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** The shape of the matrix that it fits over, as [out, in]; an embedding is [width, vocabulary]; NaN where it fits any. */
  readonly fits: readonly [number, number];
  /** The same layer over other tensors. */
  with(tensors: Readonly<Record<string, Tensor>>): AdapterLayer;
  /** The weight that stands in the tree; `mask` turns its dropout on. */
  over(base: Leaf, mask?: Mask): AdapterWeight;
  /** What becomes of a bias beside the matrix when the two are merged; default nothing. */
  mergedBias?(bias: Tensor): Tensor;
}

/** A leaf of the tree: a matrix, which may itself be a weight, under a layer of an adapter. */
export interface AdapterWeight extends Weight {
  readonly base: Leaf;
  readonly layer: AdapterLayer;
  readonly mask: Mask | undefined;
}

/** What a kind of layer says of how it acts; the rest is the same for all. */
export interface Acts extends Pick<Weight, 'rows' | 'matrix'> {
  applyWith: NonNullable<Weight['applyWith']>;
}

/** Whether a leaf is a matrix under a layer of an adapter. */
export function isAdapterWeight(leaf: unknown): leaf is AdapterWeight {
  return isWeight(leaf) && 'layer' in leaf && 'base' in leaf;
}

/** Puts together the weight of a layer over a base: its tensors are those of the layer, and those of the base behind `base`. */
export function adapterWeight({ layer, base, mask, shape, acts }: {
  layer: AdapterLayer; base: Leaf; mask: Mask | undefined; shape: readonly [number, number]; acts: Acts;
}): AdapterWeight {
  const own = Object.keys(layer.tensors);
  const { matrix, ...others } = acts;
  const below: Readonly<Record<string, Tensor>> = isWeight(base)
    ? Object.fromEntries(Object.entries(base.tensors).map(([name, tensor]) => [`base.${name}`, tensor])) : { base };
  return {
    base,
    layer,
    mask,
    shape,
    tensors: { ...below, ...layer.tensors },
    with(tensors) {
      const under = isWeight(base) ? base.with(Object.fromEntries(Object.keys(base.tensors).map((name) => [name, tensors[`base.${name}`]!]))) : tensors['base']!;
      return layer.with(Object.fromEntries(own.map((name) => [name, tensors[name]!]))).over(under, mask);
    },
    apply: (x) => acts.applyWith(x, {}),
    ...others,
    // Over what cannot give a matrix, such as blocks of rows, there is none.
    ...(matrix !== undefined && (!isWeight(base) || base.matrix !== undefined) ? { matrix } : {}),
  };
}

/** The matrix of a leaf as a plain tensor would be stored. */
export function matrixOf(leaf: Leaf): Tensor {
  if (!isWeight(leaf)) return leaf;
  if (leaf.matrix === undefined) throw new TypeError('matrixOf: expected a weight that can give its matrix but found one without `matrix`. Use another weight type below the adapter.');
  return leaf.matrix();
}

/** The sizes of a leaf as [out, in]; a plain tensor may be stored the other way round. */
export function sizesOf(leaf: Leaf, fanInFanOut: boolean): [number, number] {
  const [first = 0, second = 0] = leaf.shape;
  return fanInFanOut && !isWeight(leaf) ? [second, first] : [first, second];
}
