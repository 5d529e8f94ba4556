import { topRows } from '../losses/top-rows.ts';
import { keptTensors } from './kept-rows.ts';
import type { Teacher } from './teacher.ts';

/**
 * A teacher that was asked before: what the batches bring of it, from a cache or from an endpoint.
 *
 * @throws from the loss TypeError for a batch without kept rows, and for features, of which nothing was kept.
 *
 * @example
 * ```ts
 * import { distillLoss, hinton, keptTeacher } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const student = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const row = (...values: number[]) => Int32Array.from(values);
 * const kept = { count: 1, k: 2, temperature: 1, ids: row(3, 4), probs: Float32Array.of(0.5, 0.25, 0.25) };
 * const batch = { rows: 1, length: 2, ids: row(1, 2), positions: row(0, 1), segments: row(0, 0), packed: false, restarts: false, places: row(0), targets: row(2), targetCount: 1, kept };
 * const loss = distillLoss(student, { loss: hinton({ temperature: 1 }), teacher: keptTeacher() });
 * if (!(loss(student.init(1), batch).dataSync()[0]! > 0)) throw new Error('they do not agree yet');
 * ```
 */
export function keptTeacher(): Teacher {
  return ({ kept }, { names }) => {
    if (kept === undefined) throw new TypeError('keptTeacher: expected batches with rows that were kept of a teacher but found none. Give them to distillBatch, or use localTeacher.');
    if (names.length > 0) throw new TypeError(`keptTeacher: expected no features but found ${names.join(', ')}: probabilities alone were kept. Use localTeacher.`);
    const slices = keptTensors(kept);
    return {
      rows: (range) => topRows({ ...slices(range), temperature: kept.temperature }),
      states: (name) => { throw new TypeError(`keptTeacher: expected no features but found ${name}.`); },
    };
  };
}
