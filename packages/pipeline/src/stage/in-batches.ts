import { shuffled } from '@llm/sft';

/** Items in batches without end, from batch `drawn` on: the order of each epoch depends on the seed alone. */
export function* inBatches<T>(items: readonly T[], { batch, seed, drawn }: { readonly batch: number; readonly seed: number; readonly drawn: number }): Generator<T[]> {
  const perEpoch = Math.ceil(items.length / batch);
  const order = shuffled(items.length, { seed });
  for (let epoch = Math.floor(drawn / perEpoch), index = drawn % perEpoch; ; epoch++, index = 0) {
    const indices = Array.from(order(epoch));
    for (; index < perEpoch; index++) yield indices.slice(index * batch, (index + 1) * batch).map((i) => items[i]!);
  }
}

/** All items once, in turn. */
export function onceInBatches<T>(items: readonly T[], batch: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / batch) }, (_, i) => items.slice(i * batch, (i + 1) * batch));
}

/** Items of a stream once, in turn. */
export async function* streamInBatches<T>(items: AsyncIterable<T>, batch: number): AsyncGenerator<T[]> {
  let waiting: T[] = [];
  for await (const item of items) {
    if (waiting.push(item) < batch) continue;
    yield waiting;
    waiting = [];
  }
  if (waiting.length > 0) yield waiting;
}
