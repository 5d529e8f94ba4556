// Every loss of logits and its gradient beside those of TRL, torchtune, TextBrewer and the DistilBERT script, from fixtures/losses.json.
import { add, embed, logSoftmax, mean, mul, sub, sum, type Tensor, tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Case, compare, differentiated, losses } from '../fixtures/losses.ts';
import { cwsm } from './cwsm.ts';
import { distilBert } from './distil-bert.ts';
import { flsw } from './flsw.ts';
import { forwardKl } from './forward-kl.ts';
import { fullRows } from './full-rows.ts';
import { hinton } from './hinton.ts';
import { jsd } from './jsd.ts';
import { kdMse } from './kd-mse.ts';
import { probabilityShift } from './probability-shift.ts';
import { reverseKl } from './reverse-kl.ts';
import type { RowLoss } from './row-loss.ts';
import { softCrossEntropy } from './soft-cross-entropy.ts';
import { softened } from './softened.ts';
import { symmetricKl } from './symmetric-kl.ts';
import { topRows } from './top-rows.ts';

const { logits: { rows, vocab, student, teacher, labels, cases }, top } = losses;
const places = Int32Array.from(labels.keys()).filter((row) => labels[row] !== -100);
const targets = places.map((row) => labels[row]!);
/** The rows that have a target. */
const kept = (x: Tensor): Tensor => embed(tensor(places, [places.length], 'int32'), x);

/** The mean of a loss over the rows with a target, and its gradient by all logits. */
function run(loss: RowLoss, { denominator = places.length }: { denominator?: number } = {}): { value: number; gradient: number[] } {
  const ofTeacher = kept(tensor(teacher, [rows, vocab]));
  return differentiated((z) => mul(sum(loss({ student: kept(z), teacher: fullRows(ofTeacher), targets: tensor(targets, [targets.length], 'int32') })), 1 / denominator), tensor(student, [rows, vocab]));
}

describe.each(['cpu', 'wasm'] as const)('%s', (device) => {
  beforeEach(async () => { await useDevice(device); });

  const table: [string, RowLoss, number?][] = [
    ...[0, 0.1, 0.5, 0.9, 1].flatMap((beta) => [1, 0.9].map((temperature): [string, RowLoss] => [`trl-gkd beta ${beta} T ${temperature === 1 ? '1.0' : temperature}`, softened(jsd({ beta }), { temperature })])),
    ['trl-gkd num_items', softened(jsd()), 11],
    ['torchtune forward', softened(softCrossEntropy())], ['torchtune forward chunked', softened(softCrossEntropy())], ['torchtune reverse', softened(reverseKl())],
    ...[1, 4].flatMap((temperature): [string, RowLoss][] => [[`textbrewer ce ${temperature}`, softened(softCrossEntropy(), { temperature })], [`textbrewer mse ${temperature}`, kdMse({ temperature })]]),
    ['textbrewer ce flsw', softened(softCrossEntropy(), { temperature: flsw({ beta: 1.5, gamma: 2 }) })],
    ['textbrewer ce cwsm', softened(softCrossEntropy(), { temperature: cwsm({ beta: 0.8 }) })],
    ['textbrewer ce shifted', probabilityShift(softened(softCrossEntropy()))],
    ['distilbert 5 2 0', distilBert()], ['distilbert 0.5 0.5 0.1', distilBert({ ce: 0.5, lm: 0.5, mse: 0.1 })], ['hinton 0.3 T 3', hinton({ alpha: 0.3, temperature: 3 })],
  ];

  test.each(table)('%s', (name, loss, denominator) => {
    compare(run(loss, denominator === undefined ? {} : { denominator }), cases[name]!);
  });

  test('torchtune symmetric 0.3, whose forward half is larger by the entropy of the teacher', () => {
    const found = run(softened(symmetricKl({ ratio: 0.3 })));
    const entropy = run(softened((s, t) => sub(softCrossEntropy()(s, t), forwardKl()(s, t)))).value;
    compare({ ...found, value: found.value + 0.3 * entropy }, cases['torchtune symmetric 0.3']!);
  });

  test.each([0, 0.5, 1])('the likeliest three and the rest as TRL\'s server distillation, beta %d', (beta) => {
    const k = top.ids.length / rows;
    const logProbs = tensor(top.log_probs, [rows, k]);
    const rest = tensor(Array.from({ length: rows }, (_, r) => Math.log1p(-top.log_probs.slice(r * k, (r + 1) * k).reduce((total, value) => total + Math.exp(value), 0))), [rows, 1]);
    const all = { ids: tensor(top.ids, [rows, k], 'int32'), logProbs: kept(concatenated(logProbs, rest)), temperature: 1 };
    const ids = tensor(Int32Array.from(places, (row) => row).reduce<number[]>((list, row) => [...list, ...top.ids.slice(row * k, (row + 1) * k)], []), [places.length, k], 'int32');
    const found = differentiated((z) => mean(softened(jsd({ beta }))({ student: kept(z), teacher: topRows({ ...all, ids }), targets: tensor(targets, [targets.length], 'int32') })), tensor(student, [rows, vocab]));
    compare(found, top.cases[`beta ${beta}`]!);
  });

  test('a teacher of which all but the last token are known is the whole one', () => {
    const z = tensor(teacher, [rows, vocab]);
    const logs = logSoftmax(z);
    const ids = tensor(Int32Array.from({ length: rows * (vocab - 1) }, (_, i) => i % (vocab - 1)), [rows, vocab - 1], 'int32');
    const zeros = tensor(new Int32Array(rows), [rows], 'int32');
    const grads = [fullRows(z), topRows({ ids, logProbs: logs, temperature: 1 })].map((of) => differentiated(
      (s) => sum(softened(forwardKl())({ student: s, teacher: of, targets: zeros })), tensor(student, [rows, vocab]),
    ));
    compare(grads[1]!, grads[0] as Case, 1e-5);
  });
});

function concatenated(a: Tensor, b: Tensor): Tensor {
  const [n = 0, k = 0] = a.shape;
  const [x, y] = [a.dataSync(), b.dataSync()];
  return tensor(Array.from({ length: n }, (_, r) => [...x.slice(r * k, (r + 1) * k), y[r]!]), [n, k + 1]);
}

test('no gradient goes to the teacher', async () => {
  await useDevice('cpu');
  const targetsOf = tensor([1], [1], 'int32');
  for (const loss of [hinton(), softened(jsd()), probabilityShift(softened(reverseKl()))]) {
    const { grads } = valueAndGrad((p: { s: Tensor; t: Tensor }) => add(sum(loss({ student: p.s, teacher: fullRows(p.t), targets: targetsOf })), mul(sum(p.t), 0)))({ s: tensor([[1, 2]]), t: tensor([[2, 0]]) });
    expect([...grads['t']!.dataSync()]).toEqual([0, 0]);
  }
});

test.each([
  [() => jsd({ beta: 2 }), 'jsd: expected beta from 0 to 1 but found 2'],
  [() => symmetricKl({ ratio: -1 }), 'symmetricKl: expected a ratio from 0 to 1'],
  [() => hinton({ alpha: 1.5 }), 'hinton: expected alpha from 0 to 1'],
  [() => softened(jsd(), { temperature: 0 }), 'softened: expected a temperature above 0 but found 0'],
  [() => fullRows(tensor([[1, 2]])).against(tensor([[1, 2, 3]]), 1), 'fullRows: expected a student with logits [1, 2]'],
  [() => topRows({ ids: tensor([[0]], [1, 1], 'int32'), logProbs: tensor([[-1, -1]]), temperature: 2 }).against(tensor([[1, 2]]), 1), 'expected the temperature at which the teacher\'s tokens were kept, 2, but found 1'],
])('what makes no sense is refused', (make, message) => {
  expect(make).toThrow(message);
});
