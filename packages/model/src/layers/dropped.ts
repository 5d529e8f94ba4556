import { dropout, type Tensor } from '@llm/tensor';

/** Sites of one model have numbers below this. */
const SITES = 4096;

/** Dropout at one site of a model, whose mask depends on the seed of the step and the number of the site; off without a seed. */
export function dropped(x: Tensor, p: number, { seed, site }: { seed: number | undefined; site: number }): Tensor {
  return seed === undefined || p === 0 ? x : dropout(x, p, { seed: seed * SITES + site });
}
