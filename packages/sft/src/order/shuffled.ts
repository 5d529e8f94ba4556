/** In which order an epoch goes through the rows: their numbers, each as often as it is drawn. */
export type Order = (epoch: number) => ArrayLike<number>;

/** A 32-bit mix in which every input bit reaches every output bit (the finalizer of MurmurHash3). */
export function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The numbers below `count` in an order that seed and epoch alone decide (Fisher and Yates). */
export function permutation(count: number, { seed, epoch }: { readonly seed: number; readonly epoch: number }): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const stream = mix(mix(seed) ^ Math.imul(epoch + 1, 0x9e3779b9));
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((mix(stream + Math.imul(i, 0x9e3779b9)) / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Every row once an epoch, in an order that changes with the epoch and depends on the seed alone. */
export function shuffled(count: number, { seed }: { readonly seed: number }): Order {
  return (epoch) => permutation(count, { seed, epoch });
}

/** Every row once an epoch, from the first to the last. */
export function inOrder(count: number): Order {
  return () => Int32Array.from({ length: count }, (_, i) => i);
}
