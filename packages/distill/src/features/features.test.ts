// Losses of states and of attention beside TextBrewer's and torch, from fixtures/losses.json.
import { embed, reshape, type Tensor, tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { losses } from '../fixtures/losses.ts';
import { attentionCrossEntropy } from './attention-cross-entropy.ts';
import { attentionMse } from './attention-mse.ts';
import { fsp, nst } from './gram-losses.ts';
import { hiddenCosine } from './hidden-cosine.ts';
import { hiddenMse } from './hidden-mse.ts';
import { normalizedMse } from './normalized-mse.ts';
import { relationAngle } from './relation-angle.ts';
import { relationDistance } from './relation-distance.ts';
import { similarityPreserving } from './similarity-preserving.ts';

const { features: { shape: [batch, length, width], heads, wide, mask: marks, cases, ...stored } } = losses;

/** A loss of one student tensor or two, and its gradients. */
function compare(name: string, loss: (...students: Tensor[]) => Tensor, ...students: Tensor[]): void {
  const { value, gradient } = cases[name]!;
  const expected = (Array.isArray(gradient[0]) ? gradient : [gradient]) as number[][];
  const found = valueAndGrad((p: Record<string, Tensor>) => loss(...Object.values(p)))(Object.fromEntries(students.map((student, i) => [`s${i}`, student])));
  expectClose([found.value.dataSync()[0]!], [value], { tolerance: 1e-6, name: 'value' });
  students.forEach((_, i) => { expectClose([...found.grads[`s${i}`]!.dataSync()], expected[i]!, { tolerance: 1e-6, name: 'gradient' }); });
  expect(expected.flat().some((slope) => Math.abs(slope) > 1e-4)).toBe(true);
}

describe.each(['cpu', 'wasm'] as const)('%s', (device) => {
  beforeEach(async () => { await useDevice(device); });
  const states = (name: 's1' | 's2' | 't1' | 't2'): Tensor => tensor(stored[name], [batch, length, width]);
  const wider = (name: 'wide1' | 'wide2'): Tensor => tensor(stored[name], [batch, length, wide]);
  const attention = (name: 'attention_s' | 'attention_t'): Tensor => tensor(stored[name], [batch, heads, length, length]);
  const mask = (): Tensor => tensor(marks, [batch, length]);
  const places = Int32Array.from(marks.keys()).filter((i) => marks[i] === 1);
  const rows = (x: Tensor): Tensor => embed(tensor(places, [places.length], 'int32'), reshape(x, [batch * length, x.shape[2]!]));
  const first = (x: Tensor): Tensor => embed(tensor([0, length], [batch], 'int32'), reshape(x, [batch * length, width]));

  test('states', () => {
    compare('hidden_mse', (s) => hiddenMse()(rows(s), rows(states('t1'))), states('s1'));
    compare('cos', (s) => hiddenCosine()(rows(s), rows(states('t1'))), states('s1'));
    compare('pkd', (s) => normalizedMse()(first(s), first(states('t1'))), states('s1'));
    compare('fsp', (a, b) => fsp([a!, b!], [states('t1'), states('t2')]), states('s1'), states('s2'));
    compare('fsp masked', (a, b) => fsp([a!, b!], [states('t1'), states('t2')], { mask: mask() }), states('s1'), states('s2'));
    compare('nst', (a, b) => nst([a!, b!], [wider('wide1'), wider('wide2')]), states('s1'), states('s2'));
    compare('nst masked', (a, b) => nst([a!, b!], [wider('wide1'), wider('wide2')], { mask: mask() }), states('s1'), states('s2'));
  });

  test('attention', () => {
    for (const [suffix, options] of [['', {}], [' masked', { mask: mask() }]] as const) {
      for (const [name, together] of [['', false], ['sum', true]] as const) compare(`attention_mse${name && `_${name}`}${suffix}`, (s) => attentionMse(s, attention('attention_t'), { ...options, together }), attention('attention_s'));
      for (const [name, together] of [['', false], ['mean', true]] as const) compare(`attention_ce${name && `_${name}`}${suffix}`, (s) => attentionCrossEntropy(s, attention('attention_t'), { ...options, together }), attention('attention_s'));
    }
  });

  test('relations, of states of other widths', () => {
    compare('rkd distance', (s) => relationDistance()(rows(s), rows(wider('wide1'))), states('s1'));
    compare('rkd angle', (s) => relationAngle()(rows(s), rows(wider('wide1'))), states('s1'));
    compare('similarity', (s) => similarityPreserving()(rows(s), rows(wider('wide1'))), states('s1'));
  });

  test('angles of the first rows alone, where there are many', () => {
    const [many, other] = [tensor(Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(2 * i)])), tensor(Array.from({ length: 40 }, (_, i) => [Math.cos(i), Math.sin(3 * i)]))];
    const head = (x: Tensor): Tensor => embed(tensor([0, 1, 2, 3], [4], 'int32'), x);
    expect(relationAngle({ rows: 4 })(many, other).dataSync()[0]).toBeCloseTo(relationAngle()(head(many), head(other)).dataSync()[0]!, 6);
  });

  test('what cannot be compared is refused', () => {
    expect(() => hiddenMse()(tensor([[1, 2]]), tensor([[1, 2, 3]]))).toThrow('hiddenMse: expected states of one shape but found [1, 2] and [1, 3]. Project');
    expect(() => relationDistance()(tensor([[1, 2]]), tensor([[1], [2]]))).toThrow('relationDistance: expected as many rows of states for both but found [1, 2] and [2, 1]');
  });
});
