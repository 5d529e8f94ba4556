import { concat, neg, scope } from '@llm/tensor';
import type { Adapter } from '../adapter.ts';
import { LoraError } from '../errors.ts';
import { isLoraLayer, loraLayer, type LoraLayer } from '../layers/lora-layer.ts';

/**
 * What an adapter of PiSSA or OLoRA has learned since it began, as an adapter of twice the rank over the original model.
 *
 *   W_left + s B A − W = s (B A − B₀ A₀) = s [B, −B₀] [A; A₀]
 *
 * `initial` is the adapter as it began, before training: keep `adapterOf` of a tree that is not trained.
 *
 * @throws LoraError E_ADAPTER where the two do not go over the same modules, or have magnitudes.
 */
export function relativeTo({ layers, saved }: Adapter, initial: Adapter): Adapter {
  const made: Record<string, LoraLayer> = {};
  for (const [module, layer] of Object.entries(layers)) {
    const before = initial.layers[module];
    if (before === undefined || !isLoraLayer(layer) || !isLoraLayer(before) || layer.magnitude !== undefined) {
      throw new LoraError('E_ADAPTER', `relativeTo: expected LoRA without magnitudes over the same modules but found ${before === undefined ? 'none in the initial adapter' : layer.kind} at ${module}.`);
    }
    const { rank, alpha, rsLora } = layer.settings;
    made[module] = loraLayer({
      a: scope(() => concat([layer.a, before.a], 0)), b: scope(() => concat([layer.b, neg(before.b)], 1)),
    }, { ...layer.settings, rank: 2 * rank, alpha: alpha * (rsLora ? Math.SQRT2 : 2) });
  }
  return { layers: made, saved };
}
