import type { Tensor } from '@llm/tensor';

/**
 * The temperature of each row from the logits [rows, vocabulary] of student and teacher → [rows]; no gradient flows through it. Logits come a
 * chunk of rows at a time, so a mean over rows is that of the chunk.
 */
export type TemperatureSchedule = (student: Tensor, teacher: Tensor) => Tensor;
