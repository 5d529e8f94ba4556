import { expectClose } from '@llm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { askedDevices } from '@llm/kernels';
import { describe, expect, test } from 'vitest';
import { type DeviceName, useDevice } from './use-device.ts';

let seed = 1;
const random = (shape: number[]): tf.Tensor => tf.randomUniform(shape, 0.1, 2, 'float32', seed++);
const integers = (shape: number[]): tf.Tensor => tf.cast(tf.mul(random(shape), 10), 'int32');

const cases: Record<string, () => tf.Tensor> = {
  'add same shape': () => tf.add(random([3, 5]), random([3, 5])),
  'add scalar': () => tf.add(random([3, 5]), 2),
  'sub row': () => tf.sub(random([2, 3, 5]), random([5])),
  'div column': () => tf.div(random([2, 3, 5]), random([2, 3, 1])),
  'mul row on the left': () => tf.mul(random([1, 5]), random([4, 5])),
  'mul two-sided broadcast': () => tf.mul(random([4, 1]), random([1, 5])),
  'add inner broadcast': () => tf.add(random([2, 3, 4]), random([2, 1, 4])),
  'add column of a lower rank is a row': () => tf.add(random([3, 3]), random([3])),
  'add of integers': () => tf.add(integers([7]), integers([7])),
  'maximum': () => tf.maximum(random([9]), random([9])),
  'empty add': () => tf.add(tf.zeros([0, 3]), tf.zeros([0, 3])),
  'unary chain': () => tf.relu(tf.tanh(tf.log(tf.exp(tf.neg(tf.sqrt(tf.square(tf.sigmoid(random([37]))))))))),
  'sum last': () => tf.sum(random([4, 5, 6]), -1),
  'sum first': () => tf.sum(random([4, 5, 6]), 0),
  'sum first two, keep': () => tf.sum(random([4, 5, 6]), [0, 1], true),
  'sum middle': () => tf.sum(random([4, 5, 6]), 1),
  'sum all': () => tf.sum(random([4, 5, 6])),
  'mean last': () => tf.mean(random([4, 5]), 1),
  'max last two': () => tf.max(random([4, 5, 6]), [1, 2]),
  'sum of integers': () => tf.sum(integers([4, 5]), 1),
  'matMul': () => tf.matMul(random([2, 3, 4]), random([2, 4, 5])),
  'matMul transposed': () => tf.matMul(random([3, 4]), random([5, 4]), false, true),
  'matMul transposed a': () => tf.matMul(random([4, 3]), random([4, 5]), true),
  'matMul shared b': () => tf.matMul(random([3, 2, 4]), random([1, 4, 5])),
  'transpose 3-D': () => tf.transpose(random([2, 3, 4]), [2, 0, 1]),
  'transpose integers': () => tf.transpose(integers([5, 3])),
  'slice': () => tf.slice(random([4, 5, 6]), [1, 2, 0], [2, -1, 3]),
  'slice of the first axis': () => tf.slice(random([4, 5, 6]), 1, 2),
  'slice of the first axis to its end': () => tf.slice(random([4, 5]), 3),
  'slice from inside to the end': () => tf.slice(random([4, 5, 6]), [1, 2]),
  'split': () => tf.concat(tf.split(random([4, 6]), 3, -1).reverse(), 0),
  'concat of unequal parts': () => tf.concat([random([2, 3]), random([2, 1]), random([2, 4])], 1),
  'cast down': () => tf.cast(tf.mul(random([9]), -3), 'int32'),
  'cast up': () => tf.cast(integers([9]), 'float32'),
  'addN of ten, more than a graphics card may bind': () => tf.addN(Array.from({ length: 10 }, () => random([7]))),
  'addN of integers': () => tf.addN(Array.from({ length: 10 }, () => integers([7]))),
  'addN of one': () => tf.addN([random([7])]),
  'addN': () => tf.addN([random([7]), random([7]), random([7])]),
  'gather falls back': () => tf.gather(random([5, 2]), tf.tensor([4, 0, 4], [3], 'int32')),
  'cast of truth values to float32': () => tf.cast(tf.greater(random([2, 5]), 1), 'float32'),
  'cast of truth values to int32': () => tf.cast(tf.greater(random([2, 5]), 1), 'int32'),
  'mul by truth values cast': () => tf.mul(random([7]), tf.cast(tf.greater(random([7]), 1), 'float32')),
  'sum of truth values': () => tf.sum(tf.greater(random([7]), 1)),
  'where': () => tf.where(tf.greater(random([7]), 1), random([7]), tf.zeros([7])),
  'cast of nothing': () => tf.cast(tf.zeros([0], 'bool'), 'float32'),
  'softmax falls back': () => tf.softmax(random([3, 4])),
};

describe.each(askedDevices())('on %s', (device) => {
  test.each(Object.entries(cases))('%s is the same as on cpu', async (_name, run) => {
    const start = seed;
    await useDevice('cpu');
    const expected = tf.tidy(run);
    const expectedValues = await expected.data();
    seed = start;
    await useDevice(device as DeviceName, { threads: 2 });
    const before = tf.memory().numTensors;
    const actual = tf.tidy(run);
    expect(actual.shape).toEqual(expected.shape);
    expect(actual.dtype).toBe(expected.dtype);
    // A graphics card has other exponentials and logarithms.
    expectClose(await actual.data(), expectedValues, { tolerance: device === 'webgpu' ? 2e-5 : 1e-6 });
    actual.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
