import { type Dtype, fromFloat32, type RawTensor, writeSafetensors } from '@llm/tensor';
import type { Adapter } from '../adapter.ts';
import { peftConfig, peftConfigText, type PeftPlace } from './peft-config.ts';
import { peftTensors } from './peft-keys.ts';
import type { PeftFiles } from './read-peft.ts';

export interface WritePeftOptions extends PeftPlace {
  /** Default F32. */
  readonly dtype?: Extract<Dtype, 'F32' | 'F16' | 'BF16'>;
  /** The names of all modules of the model (`modulesOf`), so that targets are named by their last parts. */
  readonly modules?: readonly string[];
}

/**
 * The files of a PEFT folder for an adapter, which `PeftModel.from_pretrained` reads: `adapter_config.json` and
 * `adapter_model.safetensors`.
 *
 * @throws LoraError E_ADAPTER for an adapter of a kind that PEFT does not have.
 */
export async function writePeft(adapter: Adapter, { dtype = 'F32', ...place }: WritePeftOptions = {}): Promise<PeftFiles> {
  const config = peftConfigText(peftConfig(adapter, place));
  const stored = new Map<string, RawTensor>();
  for (const [name, value] of Object.entries(peftTensors(adapter))) {
    const { data } = fromFloat32(await value.data() as Float32Array, dtype, { shape: value.shape });
    stored.set(name, { dtype, shape: value.shape, data });
  }
  return { config, model: writeSafetensors(stored, { metadata: { format: 'pt' } }) };
}
