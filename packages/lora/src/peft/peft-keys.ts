import { type RawTensor, type Tensor, tensor, toFloat32 } from '@llm/tensor';
import type { Adapter } from '../adapter.ts';
import { LoraError, someOf } from '../errors.ts';
import { isLoraLayer } from '../layers/lora-layer.ts';

const PREFIX = 'base_model.model.';

/** What PEFT hangs on the name of a module; those of parameters end there, those of modules in `.weight`. */
const SUFFIXES = ['lora_A.weight', 'lora_B.weight', 'lora_embedding_A', 'lora_embedding_B', 'lora_magnitude_vector', 'lora_A', 'lora_B', 'lora_E', 'ia3_l'];

/** The tensors of an adapter under the names of PEFT's `adapter_model.safetensors`. */
export function peftTensors({ layers, saved }: Adapter): Record<string, Tensor> {
  const found: Record<string, Tensor> = {};
  for (const [module, layer] of Object.entries(layers)) {
    if (layer.kind === 'bottleneck') throw new LoraError('E_ADAPTER', `peftTensors: expected an adapter that PEFT has but found a bottleneck over ${module}. Save its tensors with trainingFiles.`);
    const modules = isLoraLayer(layer) && !layer.settings.embedding;
    for (const [name, value] of Object.entries(layer.tensors)) {
      found[`${PREFIX}${module}.${name}${modules && name !== 'lora_magnitude_vector' ? '.weight' : ''}`] = value;
    }
  }
  for (const [path, value] of Object.entries(saved)) found[`${PREFIX}${path}`] = value;
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The tensors of a file by module and by PEFT's name for what they are, and whole parameters by path. */
export interface PeftParts {
  readonly modules: ReadonlyMap<string, Readonly<Record<string, Tensor>>>;
  readonly saved: Readonly<Record<string, Tensor>>;
}

/**
 * Takes the names of `adapter_model.safetensors` apart and brings the values to the device as float32. The copies of base
 * embeddings that PEFT puts beside an adapter over one (`.base_layer.weight`) are passed over.
 *
 * @throws LoraError E_ADAPTER for names that no adapter has.
 */
export function readPeftKeys(tensors: ReadonlyMap<string, RawTensor>): PeftParts {
  const modules = new Map<string, Record<string, Tensor>>();
  const saved: Record<string, Tensor> = {};
  const problems = [...tensors.keys()].filter((key) => !key.startsWith(PREFIX) || /\.(?:lora_[AB]\.bias|token_adapter\.)/.test(key) || key.includes('__proto__'));
  if (problems.length > 0) {
    throw new LoraError('E_ADAPTER', `readPeft: expected tensors named ${PREFIX}…, of LoRA, AdaLoRA, IA3 or whole modules, but found ${someOf(problems, 4)}. Save the adapter with PeftModel.save_pretrained, without lora_bias and trainable tokens.`);
  }
  for (const [key, raw] of tensors) {
    const name = key.slice(PREFIX.length);
    if (name.endsWith('.base_layer.weight')) continue;
    // Files of before 2024 have the magnitude as a module.
    const plain = name.replace(/\.lora_magnitude_vector\.weight$/, '.lora_magnitude_vector');
    const suffix = SUFFIXES.find((each) => plain.endsWith(`.${each}`));
    const value = toDevice(raw);
    if (suffix === undefined) {
      saved[plain.replace(/\.modules_to_save\./, '.')] = value;
      continue;
    }
    const module = plain.slice(0, -suffix.length - 1);
    const parts = modules.get(module) ?? {};
    modules.set(module, parts);
    parts[suffix.replace(/\.weight$/, '')] = value;
  }
  return { modules, saved };
}

function toDevice(raw: RawTensor): Tensor {
  const values = toFloat32(raw);
  return tensor(values.buffer === raw.data.buffer ? values.slice() : values, [...raw.shape], 'float32');
}
