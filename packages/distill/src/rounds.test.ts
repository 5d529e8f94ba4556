import { disposeTree, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { beforeAll, expect, test } from 'vitest';
import { distillLoss } from './distill-loss.ts';
import { rowsOf, someRows, tinyModel } from './fixtures/models.ts';
import { forwardKl } from './losses/forward-kl.ts';
import { softened } from './losses/softened.ts';
import { compareModels, type MeasuredModel, measureModel } from './report/compare-models.ts';
import { distillRounds, type RoundModel, type RoundStudent } from './rounds.ts';
import { dropLayers } from './student/drop-layers.ts';
import { localTeacher } from './teacher/local-teacher.ts';

beforeAll(async () => { await useDevice('wasm'); });

const figures = (bytes: number, tokensPerSecond: number, quality: Record<string, [number, ('lower' | 'higher')?]>): MeasuredModel => ({
  parameters: bytes / 4, bytes, tokensPerSecond, quality: Object.fromEntries(Object.entries(quality).map(([name, [value, better]]) => [name, { value, ...(better === undefined ? {} : { better }) }])),
});

test('what is kept of each figure, and the worst of them', () => {
  const report = compareModels(figures(200, 10, { bits: [1, 'lower'], match: [0.8] }), figures(120, 18, { bits: [1.25, 'lower'], match: [0.84] }));
  expect(report.kept).toEqual({ bits: 0.8, match: 0.84 / 0.8 });
  expect([report.quality_drop, report.size_reduction, report.speed_up].map((value) => Math.round(1000 * value) / 1000)).toEqual([0.2, 0.4, 1.8]);
  expect(compareModels(figures(1, 1, { match: [0] }), figures(1, 1, { match: [0] })).quality_drop).toBe(0);
  expect(() => compareModels(figures(1, 1, { bits: [1] }), figures(1, 1, { match: [1] }))).toThrow('compareModels: expected both models to be judged by the same figures but found bits and match');
});

test('each student is the teacher of the next, and all are beside the first', async () => {
  const model = tinyModel({ layers: 3 });
  const teacher: RoundModel = { model, params: model.init(1) };
  const data = Array.from({ length: 6 }, (_, i) => rowsOf(someRows(4, { seed: i + 1 })));
  const taught: [number, number][] = [];
  const student = (name: string, keep: number[]): RoundStudent => ({
    name, begin: (above) => dropLayers(above, { keep }),
    async train(own, above) {
      taught.push([own.model.shape.layers, above.model.shape.layers]);
      const loss = distillLoss(own.model, { loss: softened(forwardKl()), teacher: localTeacher(above.model, above.params) });
      for await (const _ of train({ params: own.params, loss, batches: [...data, ...data, ...data], optimizer: adamw({ lr: 5e-3, weightDecay: 0 }) })) { /* only to its end */ }
    },
  });
  const measure = ({ model: each, params }: RoundModel): Promise<MeasuredModel> => measureModel(each, params, {
    tokens: 8, rounds: 1,
    evaluate: () => Promise.resolve({ agreement: { value: 1 / (0.1 + distillLoss(each, { loss: softened(forwardKl()), teacher: localTeacher(model, teacher.params) })(params, data[0]!).dataSync()[0]!) } }),
  });
  const results = [];
  for await (const result of distillRounds(teacher, [student('assistant', [0, 2]), student('student', [0])], { measure })) results.push(result);
  expect(taught).toEqual([[2, 3], [1, 2]]);
  expect(results.map(({ name }) => name)).toEqual(['assistant', 'student']);
  expect(results[1]!.beside.teacher).toEqual(results[0]!.beside.student);
  expect(results[1]!.besideFirst.teacher).toEqual(results[0]!.beside.teacher);
  expect(results[1]!.besideFirst.size_reduction).toBeGreaterThan(results[0]!.besideFirst.size_reduction);
  for (const { params } of [...results, teacher]) disposeTree(params);
});
