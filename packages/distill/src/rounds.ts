import type { Model, ModelConfig } from '@llm/model';
import type { Tree } from '@llm/tensor';
import { compareModels, type DistillationReport, type MeasuredModel } from './report/compare-models.ts';

/** A model with its parameters. */
export interface RoundModel {
  readonly model: Model<ModelConfig>;
  readonly params: Tree;
}

/** A student of a chain of teachers. */
export interface RoundStudent {
  readonly name: string;
  /** Makes it of its teacher, as `dropLayers` does, or from nothing. */
  readonly begin: (teacher: RoundModel) => RoundModel | Promise<RoundModel>;
  /** Trains it, in place. */
  readonly train: (student: RoundModel, teacher: RoundModel) => Promise<void>;
}

/** What came of a round. */
export interface RoundResult extends RoundModel {
  readonly name: string;
  /** Beside its own teacher, and beside the first one. */
  readonly beside: DistillationReport;
  readonly besideFirst: DistillationReport;
}

/**
 * Distillation in several rounds: each student is the teacher of the next, which a large step at once would leave too far behind.
 *
 * `measure` looks at every model once, on the same items. The models belong to the caller.
 *
 * @example
 * ```ts
 * import { distillRounds, dropLayers } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 3 });
 * const fewer = (keep: number[]) => ({ name: `${keep.length} layers`, begin: (teacher: { model: typeof model; params: ReturnType<typeof model.init> }) => dropLayers(teacher, { keep }), train: async () => {} });
 * const measure = async ({ model }: { model: { shape: { layers: number } } }) => ({ parameters: 1, bytes: model.shape.layers, tokensPerSecond: 1 / model.shape.layers, quality: { accuracy: { value: 1 } } });
 * const results = [];
 * for await (const result of distillRounds({ model, params: model.init(0) }, [fewer([0, 1]), fewer([0])], { measure })) results.push(result.besideFirst.speed_up);
 * if (results.join() !== '1.5,3') throw new Error('two layers, then one');
 * ```
 *
 * Mirzadeh et al. 2019, https://arxiv.org/abs/1902.03393
 */
export async function* distillRounds(teacher: RoundModel, students: readonly RoundStudent[], { measure }: { readonly measure: (model: RoundModel) => Promise<MeasuredModel> }): AsyncGenerator<RoundResult, void, undefined> {
  const first = await measure(teacher);
  let [above, ofAbove] = [teacher, first];
  for (const { name, begin, train } of students) {
    const student = await begin(above);
    await train(student, above);
    const found = await measure(student);
    yield { name, model: student.model, params: student.params, beside: compareModels(ofAbove, found), besideFirst: compareModels(first, found) };
    [above, ofAbove] = [student, found];
  }
}
