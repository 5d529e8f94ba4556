/**
 * The seed of one micro-batch of a run. Within a run no two are the same: up to 2³² steps, of up to 2²⁰ micro-batches each. Runs of
 * neighbouring seeds are a million steps apart in one sequence.
 */
export function batchSeed(seed: number, { step, index }: { readonly step: number; readonly index: number }): number {
  const first = Math.imul(seed, 1_000_003) + Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1);
  return 2 ** 32 * index + ((first + step) >>> 0);
}
