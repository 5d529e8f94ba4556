import type { Activation } from '@llm/tensor';
import { ModelError, shown } from '../errors.ts';

const BY_NAME: ReadonlyMap<string, Activation> = new Map([
  ['gelu_new', 'geluTanh'], ['gelu_pytorch_tanh', 'geluTanh'], ['gelu', 'gelu'],
  ['silu', 'silu'], ['swish', 'silu'], ['relu', 'relu'], ['relu2', 'relu2'],
]);

/** The activation that Hugging Face calls `name`. */
export function readActivation(name: string, key: string): Activation {
  const activation = BY_NAME.get(name);
  if (activation === undefined) {
    throw new ModelError('E_ACTIVATION', `readConfig: expected ${key} to be one of ${[...BY_NAME.keys()].join(', ')} but found ${shown(name)}. Use a checkpoint with one of these.`);
  }
  return activation;
}

/** Hugging Face's name of an activation. */
export function writeActivation(activation: Activation): string {
  for (const [name, found] of BY_NAME) if (found === activation) return name;
  throw new ModelError('E_ACTIVATION', `writeConfig: expected an activation with a name in config.json but found ${shown(activation)}. Use silu, gelu, geluTanh, relu or relu2.`);
}
