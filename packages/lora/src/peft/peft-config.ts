import type { Adapter } from '../adapter.ts';
import { LoraError } from '../errors.ts';
import { isAdaloraLayer } from '../layers/adalora-layer.ts';
import type { AdapterLayer } from '../layers/adapter-layer.ts';
import { isIa3Layer } from '../layers/ia3-layer.ts';
import { isLoraLayer, type LoraLayer } from '../layers/lora-layer.ts';

/** What `adapter_config.json` says of where an adapter belongs. */
export interface PeftPlace {
  /** The name or folder of the model below. */
  readonly baseModel?: string;
  readonly revision?: string;
  /** Default CAUSAL_LM. */
  readonly taskType?: string;
}

/** The value that most have, the first of them where several do. */
function commonest(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}

/** The names of the modules, as their last parts alone where the adapter goes over every one of that name that `all` has. */
export function shortTargets(names: readonly string[], all: readonly string[]): string[] {
  const last = (name: string): string => name.split('.').at(-1)!;
  const chosen = new Set(names);
  const partly = new Set(all.filter((name) => !chosen.has(name)).map(last));
  return [...new Set(names.map((name) => (partly.has(last(name)) ? name : last(name))))].sort();
}

/** The names of modules that are trained as a whole: their paths without the last part. */
function savedModules(saved: Adapter['saved']): string[] | null {
  const names = [...new Set(Object.keys(saved).map((path) => path.slice(0, path.lastIndexOf('.'))))];
  return names.length === 0 ? null : names.sort();
}

/**
 * The content of PEFT's `adapter_config.json` for an adapter. `modules` are the names of all modules of the model, so that targets can be
 * named by their last parts; without them they are named in full.
 *
 * @throws LoraError E_ADAPTER for layers of several kinds, which PEFT has no file for.
 */
export function peftConfig({ layers, saved }: Adapter, { baseModel, revision, taskType = 'CAUSAL_LM', modules }: PeftPlace & { modules?: readonly string[] } = {}): Record<string, unknown> {
  const names = Object.keys(layers);
  const all = Object.values(layers);
  const targets = modules === undefined ? names.sort() : shortTargets(names, modules);
  const place = { auto_mapping: null, base_model_name_or_path: baseModel ?? null, inference_mode: true, revision: revision ?? null, task_type: taskType };
  const common = { ...place, modules_to_save: savedModules(saved), target_modules: targets, exclude_modules: null };
  if (all.length > 0 && all.every(isLoraLayer)) return { ...common, ...loraFields(layers as Record<string, LoraLayer>) };
  if (all.length > 0 && all.every(isIa3Layer)) {
    const inner = Object.entries(layers).filter(([, layer]) => isIa3Layer(layer) && layer.feedforward).map(([name]) => name);
    return {
      ...common, peft_type: 'IA3', fan_in_fan_out: all.some(({ fanInFanOut }) => fanInFanOut), init_ia3_weights: true,
      feedforward_modules: modules === undefined ? inner : shortTargets(inner, modules),
    };
  }
  const kinds = [...new Set(all.map(({ kind }: AdapterLayer) => kind))];
  const ada = all.filter(isAdaloraLayer);
  if (ada.length === 0 || ada.length < all.length) throw new LoraError('E_ADAPTER', `peftConfig: expected an adapter of LoRA, IA3 or AdaLoRA but found ${kinds.join(' and ') || 'no layers'}. PEFT has no file for it.`);
  const { rank, alpha, dropout } = ada[0]!.settings;
  return {
    ...common, peft_type: 'ADALORA', init_r: rank, r: rank, target_r: rank, lora_alpha: alpha, lora_dropout: dropout, bias: 'none',
    fan_in_fan_out: ada.some(({ settings }) => settings.fanInFanOut), rank_pattern: null, init_lora_weights: true, total_step: 1, tinit: 0, tfinal: 0,
  };
}

function loraFields(layers: Readonly<Record<string, LoraLayer>>): Record<string, unknown> {
  const all = Object.entries(layers);
  const settings = all.map(([, layer]) => layer.settings);
  const one = <T>(name: string, read: (layer: LoraLayer) => T): T => {
    const values = new Set(all.map(([, layer]) => read(layer)));
    if (values.size > 1) throw new LoraError('E_ADAPTER', `peftConfig: expected one value of ${name} for all layers but found ${[...values].join(' and ')}. Save them as adapters of their own.`);
    return [...values][0]!;
  };
  const rank = commonest(settings.map((each) => each.rank));
  const alpha = commonest(settings.map((each) => each.alpha));
  const differing = (usual: number, read: (layer: LoraLayer) => number): Record<string, number> => (
    Object.fromEntries(all.filter(([, layer]) => read(layer) !== usual).map(([name, layer]) => [name.replaceAll('.', '\\.'), read(layer)])));
  return {
    peft_type: 'LORA', r: rank, lora_alpha: alpha, lora_dropout: one('dropout', (layer) => layer.settings.dropout), bias: 'none',
    fan_in_fan_out: settings.some(({ fanInFanOut, embedding }) => fanInFanOut && !embedding), init_lora_weights: true,
    rank_pattern: differing(rank, (layer) => layer.settings.rank), alpha_pattern: differing(alpha, (layer) => layer.settings.alpha),
    use_dora: one('dora', (layer) => layer.magnitude !== undefined), use_rslora: one('rsLora', (layer) => layer.settings.rsLora),
    ensure_weight_tying: settings.some(({ tiedHead }) => tiedHead),
    layer_replication: null, layers_pattern: null, layers_to_transform: null, lora_bias: false,
  };
}

/** A configuration as Python writes it: keys sorted, two spaces, and a point in what is a float there. */
export function peftConfigText(config: Readonly<Record<string, unknown>>): string {
  const sorted = (value: unknown): unknown => (typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)])) : value);
  return JSON.stringify(sorted(config), null, 2).replaceAll(/"(lora_dropout)": (\d+)(?=[,\n])/g, '"$1": $2.0');
}
