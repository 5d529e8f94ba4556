import type { Candidates } from './candidates.ts';
import { minP } from './min-p.ts';
import { penalties } from './penalties.ts';
import type { Sampler, SamplerContext, SamplerSettings } from './sampler.ts';
import { temperature } from './temperature.ts';
import { topK } from './top-k.ts';
import { topP } from './top-p.ts';

/** Runs samplers one after the other; the order matters. */
export function samplers(chain: readonly Sampler[]): Sampler {
  const settings = joined(chain);
  const all = (list: Candidates, context: SamplerContext): Candidates => chain.reduce((left, sampler) => sampler(left, context), list);
  return settings === undefined ? all : Object.assign(all, { settings });
}

const ORDER = ['topK', 'topP', 'minP', 'temperature'] as const;

/** The settings of a chain, where each is one of these and they stand in this order. */
function joined(chain: readonly Sampler[]): SamplerSettings | undefined {
  const all: Partial<Record<typeof ORDER[number], number>> = {};
  let last = -1;
  for (const { settings } of chain) {
    if (settings === undefined) return undefined;
    for (const [at, name] of ORDER.entries()) {
      if (settings[name] === undefined) continue;
      if (at <= last) return undefined;
      last = at;
      all[name] = settings[name];
    }
  }
  return all;
}

/**
 * The usual chain: penalties over the last 64 ids (off at 1), top-k 40, top-p 0.95, min-p 0.05, temperature 0.8. A temperature
 * of 0 always takes the likeliest token.
 *
 * @example
 * ```ts
 * import { candidates, defaultSampler, draw } from '@llm/model';
 * const greedy = defaultSampler({ temperature: 0 });
 * const left = greedy(candidates(new Float32Array([1, 3, 2])), { history: [], uniform: () => 0.9 });
 * if (draw(left, 0.9) !== 1) throw new Error('the likeliest is 1');
 * ```
 */
export function defaultSampler({ temperature: degrees = 0.8, topK: k = 40, topP: p = 0.95, minP: floor = 0.05, repeatPenalty = 1, repeatLastN = 64 }: {
  temperature?: number; topK?: number; topP?: number; minP?: number; repeatPenalty?: number; repeatLastN?: number;
} = {}): Sampler {
  return samplers([penalties({ repeat: repeatPenalty, lastN: repeatLastN }), topK(k), topP(p), minP(floor), temperature(degrees)]);
}
