import { ModelError, type ModelConfig } from '@llm/model';
import type { Architecture } from './architecture.ts';
import { gpt2Gguf } from './gpt2-family.ts';
import { llamaGguf, qwen2Gguf, qwen3Gguf } from './llama-family.ts';

/** By model type here, which is also the name of the architecture there. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = { llama: llamaGguf, qwen2: qwen2Gguf, qwen3: qwen3Gguf, gpt2: gpt2Gguf };

/** The architecture that writes a configuration. */
export function architectureOf({ modelType }: ModelConfig): Architecture {
  return known(modelType, 'exportGguf');
}

/** The architecture of a file. */
export function architectureNamed(name: string): Architecture {
  return known(name, 'loadGguf');
}

function known(name: string, by: string): Architecture {
  const found = Object.hasOwn(ARCHITECTURES, name) ? ARCHITECTURES[name] : undefined;
  if (found === undefined) throw new ModelError('E_ARCHITECTURE', `${by}: expected one of ${Object.keys(ARCHITECTURES).join(', ')} but found ${JSON.stringify(name.slice(0, 40))}. Use a model of one of these.`);
  return found;
}
