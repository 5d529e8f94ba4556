import { readSafetensors, type Tensor } from '@llm/tensor';
import { type Adapter, adapterTensors } from '../adapter.ts';
import { LoraError } from '../errors.ts';
import { adaloraLayer } from '../layers/adalora-layer.ts';
import type { AdapterLayer } from '../layers/adapter-layer.ts';
import { ia3Layer } from '../layers/ia3-layer.ts';
import { loraLayer } from '../layers/lora-layer.ts';
import { endsWithOneOf } from '../targets/select.ts';
import { readPeftKeys } from './peft-keys.ts';

type Config = Readonly<Record<string, unknown>>;
type Parts = Readonly<Record<string, Tensor>>;

/** What a PEFT folder holds, as bytes. */
export interface PeftFiles {
  /** The text of adapter_config.json. */
  readonly config: string;
  /** The bytes of adapter_model.safetensors. */
  readonly model: Uint8Array;
}

/** Switches of PEFT's LoRA that change the numbers and that we do not have. */
const UNSUPPORTED = ['use_qalora', 'use_bdlora', 'arrow_config', 'alora_invocation_tokens', 'kasa_config', 'monteclora_config', 'velora_config', 'layer_replication', 'target_parameters', 'lora_bias', 'trainable_token_indices'];

function parse(text: string): Config {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw new LoraError('E_CONFIG', `readPeft: expected JSON in adapter_config.json but found ${(cause as Error).message}. Save the adapter again.`, { cause });
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) throw new LoraError('E_CONFIG', 'readPeft: expected an object in adapter_config.json but found none.');
  return found as Config;
}

function numberIn(config: Config, key: string, standard: number): number {
  const value = config[key] ?? standard;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new LoraError('E_CONFIG', `readPeft: expected a number for ${key} in adapter_config.json but found ${JSON.stringify(value)}.`);
  return value;
}

/** α of a module: of the first key that names it or its end. Keys are taken as patterns only where they are harmless ones. */
function alphaOf(config: Config, module: string): number {
  const pattern = config['alpha_pattern'];
  const alpha = numberIn(config, 'lora_alpha', 8);
  if (typeof pattern !== 'object' || pattern === null) return alpha;
  for (const [key, value] of Object.entries(pattern)) {
    // A file may come from anyone: no groups, and few stars, so that no pattern takes longer than its name is long.
    const plain = /^[\w.\\*^$|-]{1,200}$/.test(key) && key.split('*').length <= 4;
    if (!plain || typeof value !== 'number') throw new LoraError('E_CONFIG', `readPeft: expected alpha_pattern to map names to numbers but found ${JSON.stringify(key).slice(0, 80)}.`);
    if (new RegExp(`^(?:.*\\.)?(?:${key})$`).test(module)) return value;
  }
  return alpha;
}

const pick = (module: string, parts: Parts, name: string): Tensor => {
  const found = parts[name];
  if (found === undefined) throw new LoraError('E_ADAPTER', `readPeft: expected ${name} for ${module} but found ${Object.keys(parts).join(', ')}. The file is incomplete.`);
  return found;
};

function readLora(config: Config): (module: string, parts: Parts) => AdapterLayer {
  const rsLora = config['use_rslora'] === true;
  const dropout = numberIn(config, 'lora_dropout', 0);
  for (const key of UNSUPPORTED) {
    const value = config[key];
    if (value !== undefined && value !== null && value !== false) throw new LoraError('E_CONFIG', `readPeft: expected an adapter without ${key} but found ${JSON.stringify(value).slice(0, 80)}. It changes the results in a way that is not supported.`);
  }
  return (module, parts) => {
    const embedding = 'lora_embedding_A' in parts;
    const a = pick(module, parts, embedding ? 'lora_embedding_A' : 'lora_A');
    const b = pick(module, parts, embedding ? 'lora_embedding_B' : 'lora_B');
    if (a.rank !== 2 || b.rank !== 2 || a.shape[0] !== b.shape[1]) {
      throw new LoraError('E_ADAPTER', `readPeft: expected A [r, in] and B [out, r] for ${module} but found [${a.shape.join(', ')}] and [${b.shape.join(', ')}]. Layers over convolutions are not supported.`);
    }
    const magnitude = config['use_dora'] === true ? pick(module, parts, 'lora_magnitude_vector') : undefined;
    return loraLayer({ a, b, magnitude }, {
      rank: a.shape[0]!, alpha: alphaOf(config, module), dropout, rsLora, embedding, fanInFanOut: embedding || isConv1d(module),
      tiedHead: embedding && config['ensure_weight_tying'] === true,
    });
  };
}

/** PEFT's own `fan_in_fan_out` is one switch for all; the name tells it for each. */
const isConv1d = (module: string): boolean => /(?:^|\.)h\.\d+\.(?:attn|crossattention|mlp)\.(?:c_attn|c_proj|c_fc|q_attn)$/.test(module);

function readIa3(config: Config): (module: string, parts: Parts) => AdapterLayer {
  const inner = Array.isArray(config['feedforward_modules']) ? config['feedforward_modules'].map(String) : [];
  return (module, parts) => {
    const vector = pick(module, parts, 'ia3_l');
    const feedforward = endsWithOneOf(module, inner);
    return ia3Layer(vector, { fits: feedforward ? [NaN, vector.size] : [vector.size, NaN], feedforward, fanInFanOut: isConv1d(module) });
  };
}

function readAdalora(config: Config): (module: string, parts: Parts) => AdapterLayer {
  const rank = numberIn(config, 'init_r', 12);
  return (module, parts) => adaloraLayer({ a: pick(module, parts, 'lora_A'), b: pick(module, parts, 'lora_B'), e: pick(module, parts, 'lora_E') }, {
    rank, alpha: numberIn(config, 'lora_alpha', 8), dropout: numberIn(config, 'lora_dropout', 0), fanInFanOut: isConv1d(module),
  });
}

const READERS: Readonly<Record<string, (config: Config) => (module: string, parts: Parts) => AdapterLayer>> = { LORA: readLora, IA3: readIa3, ADALORA: readAdalora };

/**
 * The adapter of a PEFT folder, with the configuration as it stands there. Which modules it goes over, their ranks, and which are
 * trained as a whole, is what the tensors say.
 *
 * @throws LoraError E_CONFIG for a configuration of another kind or with switches that are not supported, E_ADAPTER for tensors that
 * do not belong together; SafetensorsError for a damaged file.
 *
 * @example
 * ```ts
 * import { adapterOf, attach, lora, readPeft, writePeft } from '@llm/lora';
 * import { ones, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const base = { proj: { weight: ones([2, 3]) } };
 * const files = await writePeft(adapterOf(lora(base, { targets: ['proj'], rank: 2 })));
 * const { adapter, config } = readPeft(files);
 * attach(base, adapter);
 * if (config.r !== 2 || config.peft_type !== 'LORA') throw new Error('round trip');
 * ```
 */
export function readPeft({ config: text, model }: PeftFiles): { adapter: Adapter; config: Readonly<Record<string, unknown>> } {
  const config = parse(text);
  const type = String(config['peft_type']);
  const reader = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (reader === undefined) throw new LoraError('E_CONFIG', `readPeft: expected peft_type LORA, ADALORA or IA3 but found ${type.slice(0, 40)}. Prompts are read with readPrompt.`);
  const read = reader(config);
  const { modules, saved } = readPeftKeys(readSafetensors(model).tensors);
  const layers: Record<string, AdapterLayer> = {};
  try {
    for (const [module, parts] of modules) layers[module] = read(module, parts);
  } catch (error) {
    for (const each of [...[...modules.values()].flatMap((parts) => Object.values(parts)), ...Object.values(adapterTensors({ layers: {}, saved }))]) each.dispose();
    throw error;
  }
  return { adapter: { layers, saved }, config };
}
