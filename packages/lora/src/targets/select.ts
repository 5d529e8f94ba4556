import type { Tree } from '@llm/tensor';
import { LoraError, someOf } from '../errors.ts';
import { defaultTargets } from './default-targets.ts';
import { type Module, modulesOf } from './modules.ts';

/** `all-linear` (every matrix but embeddings and the head), a pattern of whole module names, or the ends of module names. */
export type Targets = 'all-linear' | RegExp | readonly string[];

export interface TargetOptions {
  /** Which modules the adapter goes over; default: what PEFT takes for `modelType`. */
  readonly targets?: Targets;
  /** The `model_type` of config.json, such as `model.config.modelType`. */
  readonly modelType?: string;
  /** Modules that are left out, as `targets`. */
  readonly exclude?: RegExp | readonly string[];
  /** Only the layers of these numbers, the first being 0. */
  readonly layers?: readonly number[];
  /** What stands before the number of a layer, where there are several lists of them; default: anything. */
  readonly layersPattern?: string;
}

/** Whether a module is named by one of these ends of names, split at dots. */
export function endsWithOneOf(name: string, ends: readonly string[]): boolean {
  return ends.some((end) => name === end || name.endsWith(`.${end}`));
}

/** The number of the layer that a module is in, or undefined. */
export function layerOf(name: string, pattern?: string): number | undefined {
  const parts = name.split('.');
  const at = parts.findIndex((part, i) => /^\d+$/.test(part) && (pattern === undefined ? i > 0 : parts[i - 1] === pattern));
  return at < 0 ? undefined : Number(parts[at]);
}

/**
 * The modules of a tree that an adapter goes over.
 *
 * @throws LoraError E_TARGETS where none matches, with the names that there are.
 */
export function selectModules(
  name: string, params: Tree, { targets, modelType, exclude, layers, layersPattern, except = () => false }: TargetOptions & { except?: (module: string) => boolean },
): Module[] {
  const wanted = targets ?? (modelType === undefined ? undefined : defaultTargets(modelType));
  const modules = modulesOf(params);
  if (wanted === undefined) {
    throw new LoraError('E_TARGETS', `${name}: expected targets, or a model type that has defaults, but found ${modelType === undefined ? 'neither' : `the type ${modelType}`}. Name some of ${available(modules)}, or use 'all-linear'.`);
  }
  const left = (module: string): boolean => (exclude instanceof RegExp ? exclude.test(module) : endsWithOneOf(module, exclude ?? [])) || except(module);
  const chosen = modules.filter((module) => {
    const hit = wanted === 'all-linear' ? !module.embedding && !module.head : wanted instanceof RegExp ? wanted.test(module.name) : endsWithOneOf(module.name, wanted);
    if (!hit || left(module.name)) return false;
    return layers === undefined || layers.includes(layerOf(module.name, layersPattern) ?? -1);
  });
  if (chosen.length === 0) {
    throw new LoraError('E_TARGETS', `${name}: expected targets that match modules of the model but found none for ${shown(wanted)}${layers === undefined ? '' : ` in layers ${layers.join(', ')}`}. Name some of ${available(modules)}.`);
  }
  return chosen;
}

function shown(targets: Targets): string {
  return targets instanceof RegExp ? String(targets) : JSON.stringify(targets);
}

/** The last parts of the names, which is what a user types. */
function available(modules: readonly Module[]): string {
  return someOf(new Set(modules.map(({ name }) => name.split('.').at(-1)!)), 24) || 'the matrices of a model: the tree has none';
}
