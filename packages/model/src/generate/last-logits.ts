import { gather, linear, reshape, scope, tensor, type Tensor, type Tree } from '@llm/tensor';
import type { KvCache } from '../layers/kv-cache.ts';
import type { Model } from '../model.ts';

/**
 * Runs `count` tokens of every row through the model, adding to its cache, and returns the logits of the named places only: the
 * head is never applied to positions whose logits nobody reads.
 *
 * ids [batch · count]; places index into it; returns [places, vocabulary], or undefined where there are no places.
 */
export function lastLogits(
  { model, params, cache }: { model: Model; params: Tree; cache: KvCache }, { ids, count, places }: { ids: Int32Array; count: number; places: readonly number[] },
): Tensor | undefined {
  return scope(() => {
    const hidden = model.hidden(params, { ids: tensor(ids, [cache.batch, count], 'int32'), cache });
    if (places.length === 0) return undefined;
    const rows = reshape(hidden, [ids.length, model.shape.width]);
    const wanted = places.length === ids.length ? rows : gather(rows, tensor(Int32Array.from(places), [places.length], 'int32'));
    return linear(wanted, model.head(params));
  });
}
