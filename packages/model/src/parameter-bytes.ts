import { ModelError } from './errors.ts';
import { sizeOf } from './layers/parameters.ts';
import type { Model } from './model.ts';

/** The bytes that the parameters of a model take as float32, known before any is made. */
export function parameterBytes(model: Pick<Model, 'parameters'>): number {
  return 4 * sizeOf(model.parameters);
}

/** Refuses a model whose parameters alone are larger than `maxBytes`, before anything is allocated. */
export function checkParameterBytes(model: Pick<Model, 'parameters'>, maxBytes: number): void {
  const bytes = parameterBytes(model);
  if (bytes > maxBytes) {
    throw new ModelError('E_MEMORY', `loadPretrained: expected parameters of at most ${gib(maxBytes)} but found ${gib(bytes)} as float32. Use a smaller model, or raise maxBytes if the device can hold it.`);
  }
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
