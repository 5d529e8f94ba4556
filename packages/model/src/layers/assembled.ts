import { linear } from '@llm/tensor';
import type { Model } from '../model.ts';
import { initialTree } from './initial.ts';

/** A decoder from what is its own: parameters begin as they say, and logits are the head over the states. */
export function assembled<Config>(parts: Pick<Model<Config>, 'config' | 'shape' | 'parameters' | 'hidden' | 'head'>): Model<Config> {
  return {
    ...parts,
    init: (seed) => initialTree(parts.parameters, seed),
    apply: (params, inputs, options) => linear(parts.hidden(params, inputs, options), parts.head(params)),
  };
}
