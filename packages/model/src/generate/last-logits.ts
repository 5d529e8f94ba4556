import { gather, linear, reshape, scope, tensor, type Tensor, type Tree } from '@llm/tensor';
import type { KvCache } from '../layers/kv-cache.ts';
import type { Model } from '../model.ts';

/**
 * Runs `count` tokens of every row through the model, adding to its cache, and returns the logits of the named places only: the
 * head is never applied to positions whose logits nobody reads.
 *
 * ids [batch · count]; places index into it; returns one row of [vocabulary] for each place.
 */
export async function lastLogits(
  { model, params, cache }: { model: Model; params: Tree; cache: KvCache }, { ids, count, places }: { ids: Int32Array; count: number; places: readonly number[] },
): Promise<Float32Array[]> {
  const { vocabSize, width } = model.shape;
  const logits = scope((): Tensor | undefined => {
    const hidden = model.hidden(params, { ids: tensor(ids, [cache.batch, count], 'int32'), cache });
    if (places.length === 0) return undefined;
    const rows = reshape(hidden, [ids.length, width]);
    const wanted = places.length === ids.length ? rows : gather(rows, tensor(Int32Array.from(places), [places.length], 'int32'));
    return linear(wanted, model.head(params));
  });
  if (logits === undefined) return [];
  const values = (await logits.data()) as Float32Array;
  logits.dispose();
  return places.map((_, i) => values.slice(i * vocabSize, (i + 1) * vocabSize));
}
