// Every op, ours and those of tfjs that models use, against central differences, on shapes that are awkward.
import { checkGradients, numbers, type Values } from '@llm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkpointed } from '../autodiff/checkpointed.ts';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { useDevice } from '../device/use-device.ts';
import { activate } from './activation.ts';
import { attention } from './attention.ts';
import { dropout } from './dropout.ts';
import { einsum } from './einsum.ts';
import { embed } from './embedding.ts';
import { gated } from './gated.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';
import { linearLogProbs } from './linear-log-probs.ts';
import { logSoftmax } from './log-softmax.ts';
import { rmsNorm } from './rms-norm.ts';
import { rope } from './rope.ts';
import { softmax } from './softmax.ts';

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

let seed = 0;
const random = (...shape: number[]): Values => ({ shape, values: numbers(tf.util.sizeFromShape(shape), ++seed) });
/** Away from zero, where a kink or a pole would spoil the differences. */
const positive = (...shape: number[]): Values => ({ shape, values: numbers(tf.util.sizeFromShape(shape), ++seed).map((value) => 1.2 + 0.8 * value) });
const int32 = (...values: number[]): tf.Tensor => tf.tensor(values, [values.length], 'int32');
const bool = (...values: number[]): tf.Tensor => tf.tensor(values, [values.length], 'bool');

const ours: Record<string, [Op, ...Values[]]> = {
  'linear': [(x, w, b, r) => linear(x!, w!, { bias: b, activation: 'geluTanh', residual: r }), random(2, 3, 5), random(4, 5), random(4), random(2, 3, 4)],
  'linear of one number': [(x, w) => linear(x!, w!), random(1), random(1, 1)],
  'linear, transposed weight': [(x, w, b) => linear(x!, w!, { bias: b, transposed: true, activation: 'silu' }), random(3, 5), random(5, 2), random(2)],
  'linear of no rows': [(x, w) => linear(x!, w!), random(0, 3), random(2, 3)],
  'linear of no inputs': [(x, w, b) => linear(x!, w!, { bias: b }), random(3, 0), random(2, 0), random(2)],
  'gelu': [(x) => activate(x!, 'gelu'), random(7)],
  'silu of 0-d': [(x) => activate(x!, 'silu'), random()],
  'relu2': [(x) => activate(x!, 'relu2'), positive(3, 3)],
  'gelu of nothing': [(x) => activate(x!, 'gelu'), random(0)],
  'gated': [(g, u) => gated(g!, u!), random(3, 5), random(3, 5)],
  'gated of 0-d': [(g, u) => gated(g!, u!, { activation: 'gelu' }), random(), random()],
  'rmsNorm': [(x, w) => rmsNorm(x!, w!), random(2, 3, 5), random(5)],
  'rmsNorm of one column': [(x, w) => rmsNorm(x!, w!, { eps: 0.1 }), random(3, 1), random(1)],
  'rmsNorm of no rows': [(x, w) => rmsNorm(x!, w!), random(0, 3), random(3)],
  'layerNorm': [(x, w, b) => layerNorm(x!, w!, { bias: b! }), random(2, 3, 5), random(5), random(5)],
  'layerNorm without bias': [(x, w) => layerNorm(x!, w!), random(4, 7), random(7)],
  'softmax': [(x) => softmax(x!), random(2, 3, 5)],
  'softmax of 0-d': [(x) => softmax(x!), random()],
  'softmax of no columns': [(x) => softmax(x!), random(3, 0)],
  'logSoftmax': [(x) => logSoftmax(x!), random(3, 7)],
  'logSoftmax of one column': [(x) => logSoftmax(x!), random(3, 1)],
  'embed sums repeated ids': [(table) => embed(tf.tensor([1, 1, 3, 1], [2, 2], 'int32'), table!), random(4, 3)],
  'embed of no ids': [(table) => embed(int32(), table!), random(4, 3)],
  'rope, half': [(x) => rope(x!, tables()), random(2, 3, 2, 6)],
  'rope, interleaved': [(x) => rope(x!, { ...tables(), interleaved: true }, { positions: tf.tensor([0, 2, 1], [1, 3], 'int32') }), random(1, 3, 1, 4)],
  'attention': [(q, k, v) => attention(q!, k!, v!), random(2, 3, 4, 2), random(2, 3, 2, 2), random(2, 3, 2, 2)],
  'attention, window, segments, bias': [(q, k, v) => attention(q!, k!, v!, {
    window: 2, segments: tf.tensor([0, 0, 1, 1], [1, 4], 'int32'), bias: tf.tensor(numbers(16), [1, 1, 4, 4]),
  }), random(1, 4, 1, 3), random(1, 4, 1, 3), random(1, 4, 1, 3)],
  'attention, not causal, lengths': [(q, k, v) => attention(q!, k!, v!, { causal: false, lengths: int32(2), scale: 0.3 }), random(1, 2, 1, 3), random(1, 3, 1, 3), random(1, 3, 1, 3)],
  'linearCrossEntropy': [(h, w) => linearCrossEntropy(h!, w!, int32(0, 4, -100, 2), { labelSmoothing: 0.1, zLoss: 0.01 }), random(4, 3), random(5, 3)],
  'linearCrossEntropy, given denominator': [(h, w) => linearCrossEntropy(h!, w!, int32(1), { denominator: 7 }), random(1, 2), random(3, 2)],
  'linearLogProbs': [(h, w) => linearLogProbs(h!, w!, Int32Array.of(0, 4, -100, 2), { temperature: 0.7 }).logProbs, random(2, 2, 3), random(5, 3)],
  'dropout': [(x) => dropout(x!, 0.4, { seed: 5 }), random(30)],
  'checkpointed': [checkpointed((x, w) => tf.mul(rmsNorm(x!, w!), tf.tanh(x!))), random(2, 5), random(5)],
  'einsum, matrices': [(a, b) => einsum('ij,jk->ki', a!, b!), random(2, 3), random(3, 4)],
  'einsum, trace': [(a) => einsum('ii', a!), random(4, 4)],
  'einsum, batched, summed, kept': [(a, b) => einsum('bhid,bjhd->bhij', a!, b!), random(2, 2, 3, 2), random(2, 1, 2, 2)],
  'einsum of 0-d': [(a, b) => einsum(',->', a!, b!), random(), random()],
  'einsum over nothing': [(a, b) => einsum('ij,jk->ik', a!, b!), random(2, 0), random(0, 3)],
};

const plain: Record<string, [Op, ...Values[]]> = {
  'add broadcasts both sides': [(a, b) => tf.add(a!, b!), random(3, 1), random(1, 4)],
  'mul by 0-d': [(a, b) => tf.mul(a!, b!), random(2, 3), random()],
  'div by a column': [(a, b) => tf.div(a!, b!), random(2, 3), positive(2, 1)],
  'sub of nothing': [(a, b) => tf.sub(a!, b!), random(0, 3), random(3)],
  'matMul': [(a, b) => tf.matMul(a!, b!), random(2, 2, 3), random(2, 3, 2)],
  'matMul, batch of one matrix': [(a, b) => tf.matMul(a!, b!, false, true), random(2, 2, 3), random(1, 4, 3)],
  'sum, mean, max': [(a) => tf.add(tf.sum(a!, 0), tf.add(tf.mean(a!, 0), tf.max(a!, 0))), { shape: [3, 4], values: [1, 2, 3, 4, 4, 3, 2, 1, 2, 5, -1, 0] }],
  'sum of the middle': [(a) => tf.sum(a!, 1, true), random(2, 3, 2)],
  'exp, log, sqrt, tanh, sigmoid': [(a) => tf.exp(tf.tanh(tf.sigmoid(tf.log(tf.sqrt(a!))))), positive(5)],
  'gather sums repeated indices': [(a) => tf.gather(a!, int32(2, 0, 2, 2)), random(3, 2)],
  'gather along an inner axis': [(a) => tf.gather(a!, int32(1, 1, 0), 1), random(2, 3, 2)],
  'gather along the last axis': [(a) => tf.gather(a!, int32(1, 1, 0, 2), -1), random(2, 3)],
  'gather with a matrix of indices': [(a) => tf.gather(a!, tf.tensor([0, 1, 1, 1], [2, 2], 'int32'), 1), random(2, 3)],
  'gather by batch': [(a) => tf.gather(a!, tf.tensor([0, 2, 2, 1], [2, 2], 'int32'), 1, 1), random(2, 3)],
  'where': [(a, b) => tf.where(bool(1, 0, 1), a!, b!), random(3), random(3)],
  'where broadcasts': [(a, b) => tf.where(bool(1, 0, 1), a!, b!), random(2, 3), random()],
  'maximum and minimum': [(a, b) => tf.add(tf.maximum(a!, b!), tf.minimum(a!, 0.5)), random(4), { shape: [4], values: [-2, 2, -2, 2] }],
  'cumsum': [(a) => tf.cumsum(a!, 1), random(2, 4)],
  'cumsum, exclusive, reversed': [(a) => tf.cumsum(a!, 0, true, true), random(4, 2)],
  'logSumExp': [(a) => tf.logSumExp(a!, -1), random(2, 4)],
  'log-softmax of tfjs': [(a) => tf.logSoftmax(a!), random(2, 4)],
  'softmax of tfjs': [(a) => tf.softmax(a!), random(2, 4)],
  'concat': [(a, b) => tf.concat([a!, b!, a!], 1), random(2, 2), random(2, 3)],
  'concat with nothing': [(a, b) => tf.concat([a!, b!], 0), random(2, 2), random(0, 2)],
  'slice': [(a) => tf.slice(a!, [1, 0], [2, -1]), random(4, 3)],
  'split, one part unused': [(a) => tf.split(a!, [1, 2, 1], 1)[1]!, random(2, 4)],
  'stack and unstack': [(a, b) => tf.unstack(tf.stack([a!, b!, a!], 1), 0)[1]!, random(2, 3), random(2, 3)],
  'transpose': [(a) => tf.transpose(a!, [2, 0, 1]), random(2, 3, 4)],
  'pad': [(a) => tf.pad(a!, [[1, 2], [0, 1]]), random(2, 3)],
  'tile': [(a) => tf.tile(a!, [2, 3]), random(2, 2)],
  'reshape, squeeze, expandDims': [(a) => tf.expandDims(tf.squeeze(tf.reshape(a!, [2, 1, 3])), 1), random(6)],
  'l2 norm': [(a) => tf.sqrt(tf.sum(tf.square(a!))), random(5)],
  'gather below two batch dimensions': [(a) => tf.gather(a!, tf.tensor([0, 1, 1, 1], [2, 1, 2], 'int32'), 2, 2), random(2, 1, 2, 3)],
  'gather of nothing': [(a) => tf.gather(a!, int32()), random(3, 2)],
  'topk': [(a) => tf.topk(a!, 2).values, { shape: [2, 3], values: [1, 3, 2, -1, -2, -3] }],
  'topk, then gather': [(a) => tf.gather(a!, tf.topk(a!, 2).indices), { shape: [6], values: [1, 4, 2, 8, 5, 7] }],
  'a mask computed from the input': [(a) => tf.mul(a!, tf.cast(tf.greater(a!, 0), 'float32')), { shape: [4], values: [1, -1, 2, -2] }],
  'matMul, broadcast on the left': [(a, b) => tf.matMul(a!, b!, true, false), random(3, 2), random(2, 3, 2)],
};

function tables(): { cos: tf.Tensor; sin: tf.Tensor } {
  const angles = numbers(6, 3);
  return { cos: tf.tensor(angles.map(Math.cos), [3, 2]), sin: tf.tensor(angles.map(Math.sin), [3, 2]) };
}

const byOurTape = (loss: (xs: tf.Tensor[]) => tf.Tensor, xs: tf.Tensor[]): (tf.Tensor | undefined)[] => {
  const { grads } = valueAndGrad((params: Record<string, tf.Tensor>) => loss(Object.values(params)))(Object.fromEntries(xs.map((x, i) => [`x${i}`, x])));
  return xs.map((_, i) => grads[`x${i}`]);
};

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeAll(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });

  test.each(Object.entries({ ...ours, ...plain }))('%s', (_name, [op, ...inputs]) => {
    const before = tf.memory().numTensors;
    checkGradients(op, inputs, { differentiate: byOurTape });
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each(Object.entries(ours))('%s through the gradients of tfjs', (_name, [op, ...inputs]) => {
    const before = tf.memory().numTensors;
    checkGradients(op, inputs);
    expect(tf.memory().numTensors).toBe(before);
  });
});
