import { createModel } from '@llm/model';
import { disposeTree, embed, flatten, int8, isWeight, leaves, memory, mul, quantizedWeight, reshape, sum, type Tensor, tensor, type Tree, unflatten, useDevice, valueAndGrad } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { distillLoss, type DistillLossOptions } from './distill-loss.ts';
import { hiddenCosine } from './features/hidden-cosine.ts';
import { hiddenMse } from './features/hidden-mse.ts';
import { withoutProjections, withProjections } from './features/feature-match.ts';
import { rowsOf, someRows, tinyModel } from './fixtures/models.ts';
import { distilBert } from './losses/distil-bert.ts';
import { forwardKl } from './losses/forward-kl.ts';
import { fullRows } from './losses/full-rows.ts';
import { hard } from './losses/hard.ts';
import { hinton } from './losses/hinton.ts';
import { jsd } from './losses/jsd.ts';
import type { RowLoss } from './losses/row-loss.ts';
import { softened } from './losses/softened.ts';
import { keepTop } from './teacher/keep-top.ts';
import { joinKept, type KeptRows } from './teacher/kept-rows.ts';
import { keptTeacher } from './teacher/kept-teacher.ts';
import { localTeacher } from './teacher/local-teacher.ts';

const close = async (a: Tensor, b: Tensor, tolerance = 2e-5): Promise<void> => {
  const [x, y] = await Promise.all([a.data(), b.data()]);
  expect(x.length).toBe(y.length);
  x.forEach((value, i) => { expect(Math.abs(value - y[i]!), `${i}: ${y[i]} but found ${value}`).toBeLessThan(tolerance * (1 + Math.abs(y[i]!))); });
};

describe('a student beside its teacher', () => {
  const [student, teacher] = [tinyModel(), tinyModel({ layers: 2 })];
  let [params, above] = [{} as Tree, {} as Tree];
  beforeEach(async () => {
    await useDevice('wasm');
    [params, above] = [student.init(1), teacher.init(2)];
  });
  const batch = rowsOf(someRows(3), { read: 2 });

  /** The same over all logits at once. */
  const naive = (loss: RowLoss) => (p: Tree): Tensor => {
    const states = (model: typeof student, tree: Tree): Tensor => reshape(model.apply(tree, { ids: tensor(batch.ids, [batch.rows, batch.length], 'int32') }), [batch.rows * batch.length, 23]);
    const some = (logits: Tensor): Tensor => embed(tensor(batch.places, [batch.places.length], 'int32'), logits);
    return mul(sum(loss({ student: some(states(student, p)), teacher: fullRows(some(states(teacher, above))), targets: tensor(batch.targets, [batch.targets.length], 'int32') })), 1 / batch.targetCount);
  };

  test.each<[string, RowLoss]>([['hinton', hinton()], ['jsd', softened(jsd({ beta: 0.3 }))], ['distilbert', distilBert({ mse: 0.01 })]])('%s is what it is over all logits, and so are its gradients', async (_name, loss) => {
    const whole = valueAndGrad(naive(loss))(params);
    const made = valueAndGrad(distillLoss(student, { loss, teacher: localTeacher(teacher, above) }))(params, batch);
    await close(made.value, whole.value);
    for (const [path, gradient] of Object.entries(whole.grads)) await close(made.grads[path]!, gradient);
    expect(Object.keys(made.grads).toSorted()).toEqual(Object.keys(whole.grads).toSorted());
  });

  test('two micro-batches add up to one batch', async () => {
    const rows = someRows(3);
    const loss = distillLoss(student, { loss: hinton(), teacher: localTeacher(teacher, above) });
    const whole = valueAndGrad(loss)(params, rowsOf(rows));
    const parts = [rowsOf(rows.slice(0, 1)), rowsOf(rows.slice(1))].map((part) => valueAndGrad(loss)(params, part, { denominator: rowsOf(rows).targetCount }));
    const path = 'model.layers.0.mlp.up_proj.weight';
    await close(sum(tensor([...await parts[0]!.value.data(), ...await parts[1]!.value.data()])), whole.value);
    const [a, b] = await Promise.all(parts.map(async ({ grads }) => tensor((await grads[path]!.data()) as Float32Array)));
    await close(sum(mul(a!, a!)), sum(mul(a!, a!)));
    await close(tensor(Float32Array.from(await a!.data(), (value, i) => value + b!.dataSync()[i]!)), whole.grads[path]!);
  });

  test('whole kept rows are the teacher itself', async () => {
    const kept: KeptRows[] = [];
    for await (const each of keepTop(teacher, above, [batch], { k: 23, temperature: 2 })) kept.push(each.kept);
    expect(kept.map(({ count }) => count)).toEqual([4, 4, 4]);
    const options = { loss: hinton({ temperature: 2 }) };
    const whole = valueAndGrad(distillLoss(student, { ...options, teacher: localTeacher(teacher, above) }))(params, batch);
    const made = valueAndGrad(distillLoss(student, { ...options, teacher: keptTeacher() }))(params, { ...batch, kept: joinKept(kept) });
    await close(made.value, whole.value, 1e-4);
    await close(made.grads['model.embed_tokens.weight']!, whole.grads['model.embed_tokens.weight']!, 1e-4);
  });

  test('features, through a projection where widths differ, train the student and the projection', async () => {
    const wide = tinyModel({ layers: 2, width: 24 });
    const wideParams = wide.init(3);
    const features = [{ student: 'model.layers.0.mlp', teacher: 'model.layers.1.mlp', loss: hiddenMse(), weight: 0.5 }, { student: 'last', teacher: 'last', loss: hiddenCosine() }];
    const tree = withProjections(params, { features, width: 16, teacherWidth: 24, seed: 0 });
    const loss = distillLoss(student, { loss: hard(), teacher: localTeacher(wide, wideParams), features });
    const { grads, value } = valueAndGrad(loss)(tree, batch);
    expect(flatten(tree)['distill_projections.1']!.shape).toEqual([24, 16]);
    expect(Object.keys(grads)).toContain('distill_projections.0');
    const plain = valueAndGrad(distillLoss(student, { loss: hard(), teacher: localTeacher(wide, wideParams) }))(params, batch);
    expect((await value.data())[0]).toBeGreaterThan((await plain.value.data())[0]!);
    expect(Object.keys(withoutProjections(tree))).toEqual(Object.keys(params));
    expect(() => distillLoss(student, { loss: hard(), teacher: localTeacher(wide, wideParams), features: [{ student: 'model.layers.7.mlp', teacher: 'last', loss: hiddenMse() }] })(params, batch)).toThrow('one of last, model.layers.0.self_attn, model.layers.0.mlp, but found model.layers.7.mlp');
    expect(() => distillLoss(student, { loss: hard(), teacher: localTeacher(wide, wideParams), features: [{ student: 'last', teacher: 'last', loss: hiddenMse() }] })(params, batch)).toThrow('Project the student\'s');
  });

  test('it leaves nothing behind', () => {
    const loss = distillLoss(student, { loss: hinton(), teacher: localTeacher(teacher, above), features: [{ student: 'last', teacher: 'last', loss: hiddenMse() }] });
    const before = memory().tensors;
    const { value, grads } = valueAndGrad(loss)(params, batch);
    for (const made of [value, ...Object.values(grads)]) made.dispose();
    expect(memory().tensors).toBe(before);
  });
});

describe('teachers of any kind', () => {
  beforeEach(async () => { await useDevice('wasm'); });
  afterAll(async () => { await useDevice(); });

  test('one in eight bits teaches nearly the same', async () => {
    const [student, teacher] = [tinyModel(), tinyModel({ layers: 2, tied: false })];
    const [params, above] = [student.init(1), teacher.init(2)];
    const small = unflatten(await Promise.all(leaves(above).map(async ([path, leaf]) => [path, isWeight(leaf) || leaf.rank !== 2 || path.includes('embed') ? leaf : quantizedWeight((await leaf.data()) as Float32Array, { shape: leaf.shape as [number, number], format: int8() })] as const)));
    const batch = rowsOf(someRows(2));
    const of = (tree: Tree): number => distillLoss(student, { loss: softened(forwardKl()), teacher: localTeacher(teacher, tree) })(params, batch).dataSync()[0]!;
    expect(Math.abs(of(small) / of(above) - 1)).toBeLessThan(0.05);
    expect(of(small)).not.toBe(of(above));
  });

  test('one with a bias in its head, of masked tokens', () => {
    const bert = (layers: number): ReturnType<typeof createModel> => createModel({ model_type: 'bert', vocab_size: 23, hidden_size: 16, num_hidden_layers: layers, num_attention_heads: 2, intermediate_size: 32, max_position_embeddings: 16, initializer_range: 0.3 });
    const [student, teacher] = [bert(1), bert(2)];
    const biased = (tree: Tree): Tree => unflatten(leaves(tree).map(([path, leaf]) => [path, path === 'cls.predictions.bias' ? tensor(Array.from({ length: 23 }, (_, i) => Math.sin(i))) : leaf] as const));
    const [params, above] = [biased(student.init(1)), biased(teacher.init(2))];
    const batch = rowsOf(someRows(2));
    const ids = tensor(batch.ids, [2, batch.length], 'int32');
    const some = (logits: Tensor): Tensor => embed(tensor(batch.places, [batch.places.length], 'int32'), reshape(logits, [2 * batch.length, 23]));
    const whole = softened(forwardKl())({ student: some(student.apply(params, { ids })), teacher: fullRows(some(teacher.apply(above, { ids }))), targets: tensor(batch.targets, [batch.targets.length], 'int32') });
    const { value, grads } = valueAndGrad(distillLoss(student, { loss: softened(forwardKl()), teacher: localTeacher(teacher, above) }))(params, batch);
    expect(value.dataSync()[0]).toBeCloseTo(sum(whole).dataSync()[0]! / batch.targetCount, 4);
    expect(Object.keys(grads)).toContain('cls.predictions.bias');
  });

  test('the loss falls, and a student as large as its teacher comes close to it', async () => {
    const [student, teacher] = [tinyModel(), tinyModel()];
    const [params, above] = [student.init(5), teacher.init(6)];
    const data = Array.from({ length: 8 }, (_, i) => rowsOf(someRows(4, { seed: i + 1 })));
    const losses: number[] = [];
    const options: DistillLossOptions = { loss: softened(forwardKl()), teacher: localTeacher(teacher, above) };
    for await (const { loss } of train({ params, loss: distillLoss(student, options), batches: Array.from({ length: 3 }, () => data).flat(), optimizer: adamw({ lr: 2e-2, weightDecay: 0 }) })) losses.push(loss);
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
    disposeTree(params);
    disposeTree(above);
  });

  test('what it cannot work with is refused', () => {
    const model = tinyModel();
    const params = model.init(0);
    const nothing = rowsOf([[1, 2]], { read: 3 });
    const options = { loss: hinton(), teacher: localTeacher(model, params) };
    expect(() => distillLoss(model, options)(params, nothing)).toThrow('distillLoss: expected at least one target but found none');
    expect(distillLoss(model, options)(params, nothing, { denominator: 3 }).dataSync()[0]).toBe(0);
    expect(() => distillLoss(model, { ...options, teacher: keptTeacher() })(params, rowsOf([[1, 2]]))).toThrow('expected batches with rows that were kept of a teacher but found none');
    expect(() => distillLoss(model, { ...options, teacher: localTeacher(tinyModel({ vocab: 29 }), tinyModel({ vocab: 29 }).init(0)) })(params, rowsOf([[1, 2]]))).toThrow('Distil between different vocabularies with uld');
    expect(() => rowsOf([[1, 2]], { kept: { count: 2, k: 1, temperature: 1, ids: new Int32Array(2), probs: new Float32Array(4) } })).toThrow('expected a kept row for each of 1 targets but found 2');
  });
});
