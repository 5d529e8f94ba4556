import { mul, reshape, square, type Tensor } from '@llm/tensor';
import { withoutGradient } from '../without-gradient.ts';
import { checkTemperature } from './check-temperature.ts';
import type { Divergence } from './divergence.ts';
import type { RowLoss } from './row-loss.ts';
import type { TemperatureSchedule } from './temperature-schedule.ts';

export interface SoftenedOptions {
  /** Divides the logits of both; default 1. A schedule gives each row its own. */
  readonly temperature?: number | TemperatureSchedule;
  /** Multiply by temperature², so that gradients keep their size whatever the temperature (Hinton); default false. */
  readonly squared?: boolean;
}

/**
 * A divergence of softened distributions, as a loss of logits.
 *
 *   D(softmax(z_S / T), softmax(z_T / T)), times T² where `squared`
 *
 * @throws RangeError for a temperature that is not above 0; from the loss TypeError for a schedule where the teacher gives no logits.
 *
 * @example
 * ```ts
 * import { forwardKl, fullRows, softened } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const same = tensor([[1, 2, 3]]);
 * const [loss] = softened(forwardKl(), { temperature: 2 })({ student: same, teacher: fullRows(same), targets: tensor([0], [1], 'int32') }).dataSync();
 * if (Math.abs(loss!) > 1e-6) throw new Error('nothing to learn from oneself');
 * ```
 */
export function softened(divergence: Divergence, { temperature = 1, squared = false }: SoftenedOptions = {}): RowLoss {
  if (typeof temperature === 'number') checkTemperature(temperature, 'softened');
  return ({ student, teacher }) => {
    const degrees = typeof temperature === 'number' ? temperature : scheduled(temperature, student, teacher.logits);
    const both = teacher.against(student, degrees);
    const losses = divergence(both.student, both.teacher);
    if (!squared || degrees === 1) return losses;
    return mul(losses, typeof degrees === 'number' ? degrees ** 2 : reshape(square(degrees), [losses.size]));
  };
}

/** A column of one temperature a row. */
function scheduled(schedule: TemperatureSchedule, student: Tensor, teacher: Tensor | undefined): Tensor {
  if (teacher === undefined) throw new TypeError('softened: expected a teacher with all its logits for a temperature schedule but found one with its likeliest tokens alone. Give a number, at which the tokens were kept.');
  return withoutGradient(() => reshape(schedule(student, teacher), [student.shape[0]!, 1]));
}
