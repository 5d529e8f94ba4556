import { mul } from '@llm/tensor';
import { checkTemperature } from './check-temperature.ts';
import { logitSquares } from './logit-squares.ts';
import type { RowLoss } from './row-loss.ts';

/**
 * Mean squared error of softened logits: TextBrewer's `kd_mse_loss`.
 *
 *   mean_v ((z_S − z_T) / T)²
 *
 * Default T 4, TextBrewer's.
 *
 * @throws RangeError for a temperature that is not above 0; from the loss TypeError where the teacher does not give all its logits.
 *
 * @example
 * ```ts
 * import { fullRows, kdMse } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [loss] = kdMse({ temperature: 5 })({ student: tensor([[1, 2]]), teacher: fullRows(tensor([[4, 6]])), targets: tensor([0], [1], 'int32') }).dataSync();
 * if (Math.abs(loss! - 0.5) > 1e-6) throw new Error('25 / 2 / 25');
 * ```
 */
export function kdMse({ temperature = 4 }: { readonly temperature?: number } = {}): RowLoss {
  checkTemperature(temperature, 'kdMse');
  const squares = logitSquares();
  return (rows) => mul(squares(rows), 1 / (rows.student.shape[1]! * temperature ** 2));
}
