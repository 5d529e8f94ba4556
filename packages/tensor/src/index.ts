export {
  abs, add, argMax, cast, clone, concat, div, exp, gather, keep, log, matMul, max, maximum, mean, minimum, mul, neg, ones, onesLike, pad,
  reshape, scalar, slice, split, sqrt, square, squeeze, stack, sub, sum, tanh, tensor, tile, transpose, where, zeros, zerosLike,
  type Tensor, type TensorLike,
} from './tf.ts';
export { GpuError, type GpuErrorCode } from '@llm/kernels';
export type { Activation } from '@llm/kernels';
export { deviceInUse, useDevice, type Device, type DeviceName, type DeviceOptions } from './device/use-device.ts';
export { memory, type Memory } from './device/memory.ts';
export { overwrite, valuesInPlace, writeRows } from './device/in-place.ts';
export { withPrecision, type Precision } from './device/precision.ts';
export { compile, type Compiled } from './device/compile.ts';
export { call, type Call, type Outputs } from './device/call.ts';
export { differentiable } from './autodiff/differentiable.ts';
export { scope } from './autodiff/scope.ts';
export { findNonFinite, NonFiniteValueError } from './autodiff/find-non-finite.ts';
export { checkpointed } from './autodiff/checkpointed.ts';
export { valueAndGrad, type Gradients } from './autodiff/value-and-grad.ts';
export { countParameters, disposeTree, flatten, leaves, mapLeaves, unflatten, withTensors, type Leaf, type Tree } from './tree/tree.ts';
export { isWeight, type Weight } from './tree/weight.ts';
export { randomNormal } from './random.ts';
export { linear, type LinearOptions } from './ops/linear.ts';
export { activate } from './ops/activation.ts';
export { gated } from './ops/gated.ts';
export { rmsNorm } from './ops/rms-norm.ts';
export { layerNorm } from './ops/layer-norm.ts';
export { splitColumns } from './ops/split-columns.ts';
export { rope, type Rotation } from './ops/rope.ts';
export { attention, type AttentionOptions } from './ops/attention.ts';
export { embed } from './ops/embedding.ts';
export { linearCrossEntropy, type LinearCrossEntropyOptions } from './ops/linear-cross-entropy.ts';
export { linearLogProbs, type LinearLogProbsOptions, type LogProbs } from './ops/linear-log-probs.ts';
export { dropout } from './ops/dropout.ts';
export { einsum } from './ops/einsum.ts';
export { softmax } from './ops/softmax.ts';
export { logSoftmax } from './ops/log-softmax.ts';
export { adamwUpdate, type AdamwEntry } from './ops/adamw-update.ts';
export { lionUpdate } from './ops/lion-update.ts';
export { globalNorm } from './ops/global-norm.ts';
export { clipScale } from './ops/clip-scale.ts';
export { SafetensorsError, type SafetensorsErrorCode } from './safetensors/errors.ts';
export { DTYPES, tensorBytes, type Dtype } from './safetensors/dtype.ts';
export { headerLength, parseHeader, type SafetensorsHeader, type TensorInfo } from './safetensors/header.ts';
export { readSafetensors, type RawTensor } from './safetensors/read.ts';
export { writeSafetensors, writeSafetensorsStream, type ElementArray, type LazyTensor, type WritableTensor, type WriteOptions } from './safetensors/write.ts';
export { fromFloat32, toFloat32 } from './safetensors/convert.ts';
export { checkShards, parseIndex, type ShardIndex } from './safetensors/shard-index.ts';
export { planShards, type ShardPlan } from './safetensors/plan-shards.ts';
