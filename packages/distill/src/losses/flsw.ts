import { add, div, exp, log, maximum, mean, mul, sqrt, square, sub, sum, type Tensor } from '@llm/tensor';
import type { TemperatureSchedule } from './temperature-schedule.ts';

export interface FlswOptions {
  /** How far temperatures spread around the base. */
  readonly beta: number;
  /** The power of how little student and teacher agree. */
  readonly gamma: number;
  /** The mean temperature; TextBrewer's default is 4. */
  readonly base?: number;
  /** Added to norms; default 1e-4. */
  readonly eps?: number;
}

/**
 * Focal temperatures: rows where the student is far from the teacher are softened less.
 *
 *   w = (1 − cos(z_S, z_T))^γ;  T = base + β (mean w − w)
 *
 * TextBrewer's `flsw_temperature_scheduler_builder(beta, gamma)`. https://arxiv.org/abs/1911.07471
 *
 * @example
 * ```ts
 * import { flsw } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [far, near] = flsw({ beta: 1, gamma: 1 })(tensor([[1, 0], [1, 0]]), tensor([[0, 1], [1, 0]])).dataSync();
 * if (Math.abs(far! - 3.5) > 1e-3 || Math.abs(near! - 4.5) > 1e-3) throw new Error('around 4');
 * ```
 */
export function flsw({ beta, gamma, base = 4, eps = 1e-4 }: FlswOptions): TemperatureSchedule {
  const unit = (z: Tensor): Tensor => div(z, add(sqrt(sum(square(z), -1, true)), eps));
  return (student, teacher) => {
    const apart = maximum(sub(1, sum(mul(unit(student), unit(teacher)), -1)), 0);
    const weight = gamma === 1 ? apart : exp(mul(log(maximum(apart, 1e-30)), gamma));
    return add(mul(sub(mean(weight), weight), beta), base);
  };
}
