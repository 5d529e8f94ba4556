import { softmax, linear, slice, tensor, useDevice, valueAndGrad, type Tensor } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { beforeAll, expect, test } from 'vitest';
import { rowsOf, tinyModel } from '../fixtures/models.ts';
import { predictedStates } from '../predicted-states.ts';
import { type CrossBatch, crossTokenizerLoss } from './cross-tokenizer-loss.ts';
import { gold } from './gold.ts';
import { mergeChain } from './merge-probabilities.ts';
import { uld } from './uld.ts';

beforeAll(async () => { await useDevice('wasm'); });

const [student, teacher] = [tinyModel({ vocab: 17 }), tinyModel({ vocab: 23, layers: 2 })];
// Two texts of six and four letters, the first token of each a prompt.
const batch: CrossBatch = {
  student: rowsOf([[1, 2, 3, 4], [5, 6, 7]]), teacher: rowsOf([[1, 9, 8, 7, 6], [5, 11]]),
  studentOffsets: [[[0, 2], [2, 4], [4, 6]], [[0, 3], [3, 4]]], teacherOffsets: [[[0, 1], [1, 2], [2, 5], [5, 6]], [[0, 4]]], targetCount: 2,
};

test('is the mean over texts of the mean over pieces, each of the tokens that spell it', () => {
  const [params, above] = [student.init(1), teacher.init(2)];
  const probs = (model: typeof student, tree: typeof params, side: 'student' | 'teacher', [from, count]: [number, number]): Tensor => {
    const { states, head } = predictedStates(model, tree, batch[side]);
    return softmax(linear(slice(states, [from, 0], [count, 16]), head));
  };
  const ids = (side: 'student' | 'teacher', from: number, count: number): Tensor => tensor(batch[side].targets.slice(from, from + count), [count], 'int32');
  const first = uld(
    mergeChain(probs(student, params, 'student', [0, 3]), { groups: [[0], [1, 2]], ids: ids('student', 0, 3) }),
    mergeChain(probs(teacher, above, 'teacher', [0, 4]), { groups: [[0, 1], [2, 3]], ids: ids('teacher', 0, 4) }),
  ).dataSync();
  const second = uld(
    mergeChain(probs(student, params, 'student', [3, 2]), { groups: [[0, 1]], ids: ids('student', 3, 2) }),
    mergeChain(probs(teacher, above, 'teacher', [4, 1]), { groups: [[0]], ids: ids('teacher', 4, 1) }),
  ).dataSync();
  const { value, grads } = valueAndGrad(crossTokenizerLoss(student, { teacher, teacherParams: above }))(params, batch);
  expect(value.dataSync()[0]).toBeCloseTo(((first[0]! + first[1]!) / 2 + second[0]!) / 2, 5);
  expect(Object.keys(grads)).toHaveLength(student.parameters.length);
});

test('a student of another vocabulary comes nearer to its teacher', async () => {
  const [params, above] = [student.init(1), teacher.init(2)];
  for (const loss of [uld, gold({ shared: { student: [1, 2], teacher: [3, 4] } })]) {
    const losses: number[] = [];
    const options = { teacher, teacherParams: above, loss };
    for await (const step of train({ params, loss: crossTokenizerLoss(student, options), batches: Array.from({ length: 12 }, () => batch), optimizer: adamw({ lr: 3e-2, weightDecay: 0 }) })) losses.push(step.loss);
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  }
});

test('a text without anything to learn is passed over, and offsets that do not fit are refused', () => {
  const [params, above] = [student.init(1), teacher.init(2)];
  const loss = crossTokenizerLoss(student, { teacher, teacherParams: above });
  const one = { ...batch, student: rowsOf([[1, 2, 3, 4], [5]]), studentOffsets: [batch.studentOffsets[0]!, []] };
  expect(loss(params, one).dataSync()[0]).toBeGreaterThan(0);
  const nowhere = { ...batch, teacherOffsets: [[[0, 7], [7, 8], [8, 9], [9, 10]], [[0, 5]]] } as CrossBatch;
  expect(loss(params, nowhere).dataSync()[0]).toBeGreaterThanOrEqual(0);
  expect(() => loss(params, { ...batch, studentOffsets: [[[0, 2]], batch.studentOffsets[1]!] })).toThrow('crossTokenizerLoss: expected offsets for the 3 targets of row 0 of the student but found 1');
});
