import type { Model } from '@llm/model';
import { flatten, type Tree } from '@llm/tensor';
import { measureDecode, type MeasureDecodeOptions } from './measure-decode.ts';

/** Something that a model is judged by. */
export interface QualityFigure {
  readonly value: number;
  /** Default `higher`. */
  readonly better?: 'higher' | 'lower';
}

/** What a model is like. */
export interface MeasuredModel {
  readonly parameters: number;
  /** Of all its tensors as they are in memory, tied ones once. */
  readonly bytes: number;
  readonly tokensPerSecond: number;
  readonly quality: Readonly<Record<string, QualityFigure>>;
}

export interface MeasureModelOptions extends MeasureDecodeOptions {
  /** What it is worth, on the same items for every model that is compared. */
  readonly evaluate: (model: Model, params: Tree) => Promise<Readonly<Record<string, QualityFigure>>>;
}

/** The figures of a student beside its teacher. */
export interface DistillationReport {
  readonly teacher: MeasuredModel;
  readonly student: MeasuredModel;
  /** Each figure of quality: the share of the teacher's that is kept, above 1 where the student is better. */
  readonly kept: Readonly<Record<string, number>>;
  /** 1 − the least share that is kept; what a gate takes at most 0.05 of. */
  readonly quality_drop: number;
  /** 1 − bytes of the student / bytes of the teacher. */
  readonly size_reduction: number;
  /** Tokens a second of the student / of the teacher. */
  readonly speed_up: number;
}

/**
 * Size, speed and quality of a model on the device in use.
 *
 * @example
 * ```ts
 * import { measureModel } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const { parameters, bytes } = await measureModel(model, model.init(0), { tokens: 4, rounds: 1, evaluate: async () => ({ accuracy: { value: 0.5 } }) });
 * if (bytes !== 4 * parameters) throw new Error('float32');
 * ```
 */
export async function measureModel(model: Model, params: Tree, { evaluate, ...decode }: MeasureModelOptions): Promise<MeasuredModel> {
  const tensors = [...new Set(Object.values(flatten(params)))];
  return {
    parameters: tensors.filter(({ dtype }) => dtype === 'float32').reduce((sum, { size }) => sum + size, 0), bytes: tensors.reduce((sum, { size }) => sum + 4 * size, 0),
    tokensPerSecond: await measureDecode(model, params, decode), quality: await evaluate(model, params),
  };
}

/**
 * How much smaller and faster a student is, and how much of its teacher's quality it kept.
 *
 *   kept = student / teacher where higher is better, teacher / student where lower is
 *
 * @throws RangeError where they were not judged by the same.
 *
 * @example
 * ```ts
 * import { compareModels } from '@llm/distill';
 * const of = (bytes: number, tokensPerSecond: number, bits: number) => ({ parameters: bytes / 4, bytes, tokensPerSecond, quality: { 'bits per byte': { value: bits, better: 'lower' as const } } });
 * const { kept, quality_drop, size_reduction, speed_up } = compareModels(of(100, 50, 1), of(60, 90, 1.25));
 * if (kept['bits per byte'] !== 0.8 || Math.abs(quality_drop - 0.2) > 1e-9 || size_reduction !== 0.4 || speed_up !== 1.8) throw new Error('four fifths');
 * ```
 */
export function compareModels(teacher: MeasuredModel, student: MeasuredModel): DistillationReport {
  const [names, others] = [Object.keys(teacher.quality), Object.keys(student.quality)];
  if (names.length === 0 || names.toSorted().join() !== others.toSorted().join()) {
    throw new RangeError(`compareModels: expected both models to be judged by the same figures but found ${names.join(', ') || 'none'} and ${others.join(', ') || 'none'}. Evaluate both in the same way.`);
  }
  const kept = Object.fromEntries(names.map((name) => {
    const [of, by] = [teacher.quality[name]!, student.quality[name]!];
    const [above, below] = of.better === 'lower' ? [of.value, by.value] : [by.value, of.value];
    // A teacher that got nothing right left nothing to keep.
    return [name, below === 0 ? (above === 0 ? 1 : Infinity) : above / below];
  }));
  return {
    teacher, student, kept, quality_drop: 1 - Math.min(...Object.values(kept)), size_reduction: 1 - student.bytes / teacher.bytes, speed_up: student.tokensPerSecond / teacher.tokensPerSecond,
  };
}
