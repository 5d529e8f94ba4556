import { dropout, type Seed, type Tensor } from '@llm/tensor';

/**
 * Dropout at one site of a model, whose mask depends on the seed of the step and the number of the site, below 2³¹: those above are for
 * adapters. Off without a seed.
 */
export function dropped(x: Tensor, p: number, { seed, site }: { seed: Seed | undefined; site: number }): Tensor {
  return seed === undefined || p === 0 ? x : dropout(x, p, { seed, site });
}
