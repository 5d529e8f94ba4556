// The part of tfjs that ships with ours, so that one import serves and there is one engine.
export {
  abs, add, argMax, cast, clone, concat, div, exp, gather, keep, log, matMul, max, maximum, mean, minimum, mul, neg, ones, onesLike, pad,
  reshape, scalar, slice, split, sqrt, square, squeeze, stack, sub, sum, tanh, tensor, tile, topk, transpose, where, zeros, zerosLike,
} from '@tensorflow/tfjs-core';
export type { Tensor, TensorLike } from '@tensorflow/tfjs-core';
