import { add, div, max, mean, mul, softmax, sub } from '@llm/tensor';
import type { TemperatureSchedule } from './temperature-schedule.ts';

/**
 * Confidence-weighted temperatures: rows of which the student is sure are softened more.
 *
 *   w = 1 / (max p_S + 0.001);  T = base + β (mean w − w)
 *
 * `base` is the mean temperature, default 4. TextBrewer's `cwsm_temperature_scheduler_builder(beta)`. https://arxiv.org/abs/1911.07471
 *
 * @example
 * ```ts
 * import { cwsm } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const logits = tensor([[9, 0], [0, 0]]);
 * const [sure, unsure] = cwsm({ beta: 1 })(logits, logits).dataSync();
 * if (!(sure! > 4 && unsure! < 4)) throw new Error('around 4');
 * ```
 */
export function cwsm({ beta, base = 4 }: { readonly beta: number; readonly base?: number }): TemperatureSchedule {
  return (student) => {
    const weight = div(1, add(max(softmax(student), -1), 1e-3));
    return add(mul(sub(mean(weight), weight), beta), base);
  };
}
