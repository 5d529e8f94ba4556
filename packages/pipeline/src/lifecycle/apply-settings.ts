import { parse } from 'yaml';
import { UsageError } from '../cli/cli-error.ts';
import { didYouMean } from '../cli/did-you-mean.ts';
import type { FlagValue, LifecycleRecipe } from './recipe-shape.ts';

/** `name=value` or `step.flag=value`, the value read as YAML would. */
export function parseSetting(text: string): [key: string, value: FlagValue] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`llm run: expected --set name=value or step.flag=value but found ${text}.`);
  const written = text.slice(at + 1);
  let value: unknown;
  try {
    value = parse(written);
  } catch {
    value = written;
  }
  const plain = Array.isArray(value) ? value.every((each) => ['string', 'number'].includes(typeof each)) : ['string', 'number', 'boolean'].includes(typeof value);
  // Whatever is no plain value was meant as a text.
  return [text.slice(0, at), plain ? value as FlagValue : written];
}

/**
 * A recipe with other values: those of `values` by their name, flags of steps as `step.flag`, and `rounds`.
 *
 * @throws UsageError for a name that the recipe does not have.
 */
export function applySettings(recipe: LifecycleRecipe, settings: readonly (readonly [key: string, value: FlagValue])[]): LifecycleRecipe {
  let changed = recipe;
  for (const [key, value] of settings) {
    const target = settingTarget(recipe, key);
    if (target.step === undefined) changed = key === 'rounds' ? { ...changed, rounds: Number(value) } : { ...changed, values: { ...changed.values, [key]: value } };
    else {
      const step = changed.steps[target.step]!;
      changed = { ...changed, steps: { ...changed.steps, [target.step]: { ...step, with: { ...step.with, [target.flag]: value } } } };
    }
  }
  return changed;
}

/** Which step and flag a name means; neither for a value of the recipe. */
export function settingTarget({ values = {}, steps }: LifecycleRecipe, key: string): { step?: undefined } | { step: string; flag: string } {
  if (Object.hasOwn(values, key) || key === 'rounds') return {};
  const step = Object.keys(steps).filter((id) => key.startsWith(`${id}.`)).toSorted((a, b) => b.length - a.length)[0];
  if (step !== undefined) return { step, flag: key.slice(step.length + 1) };
  const known = [...Object.keys(values), ...Object.keys(steps).map((id) => `${id}.flag`)];
  throw new UsageError(`llm run: expected one of ${known.join(', ')} but found ${key}.${didYouMean(key.split('.')[0]!, [...Object.keys(values), ...Object.keys(steps)])}`);
}
