import { linear, slice, type Tensor, type Tree } from '@llm/tensor';
import { capturing } from '../captured.ts';
import { fullRows } from '../losses/full-rows.ts';
import { type DistilledModel, predictedStates } from '../predicted-states.ts';
import { withoutGradient } from '../without-gradient.ts';
import type { Teacher } from './teacher.ts';

/**
 * A teacher on the same device, of any architecture with the student's vocabulary, and of any weights: plain, in few bits, with an adapter.
 *
 * Its states are there once a batch, its logits a chunk of rows at a time, and nothing is kept for a backward pass. Without dropout.
 *
 * @example
 * ```ts
 * import { distillLoss, hinton, localTeacher } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const config = { model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 };
 * const [teacher, student] = [createModel({ ...config, n_layer: 2 }), createModel(config)];
 * const loss = distillLoss(student, { loss: hinton(), teacher: localTeacher(teacher, teacher.init(0)) });
 * const row = (...values: number[]) => Int32Array.from(values);
 * const batch = { rows: 1, length: 2, ids: row(1, 2), positions: row(0, 1), segments: row(0, 0), packed: false, restarts: false, places: row(0), targets: row(2), targetCount: 1 };
 * if (!(loss(student.init(1), batch).dataSync()[0]! > 0)) throw new Error('they do not agree yet');
 * ```
 */
export function localTeacher(model: DistilledModel, params: Tree): Teacher {
  return (batch, { names }) => {
    const asked = [...new Set(names)].filter((name) => name !== 'last');
    const captured = capturing(asked, batch.places);
    const plain = model.head(params);
    let head = plain;
    const found = withoutGradient<Tensor[]>(() => {
      const made = predictedStates(model, params, batch, captured.options);
      head = made.head;
      // A matrix that a bias was worked into lives as long as the states.
      return [made.states, ...asked.map(captured.of), ...('dataId' in head && head !== plain ? [head] : [])];
    });
    const [states] = found;
    const width = states!.shape[1]!;
    return {
      rows: ({ from, count }) => fullRows(withoutGradient(() => linear(slice(states!, [from, 0], [count, width]), head))),
      states: (name) => (name === 'last' ? states! : found[asked.indexOf(name) + 1]!),
    };
  };
}
