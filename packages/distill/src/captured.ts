import type { ApplyOptions } from '@llm/model';
import type { Tensor } from '@llm/tensor';
import { atPlaces } from './predicted-states.ts';

/** Picks states by their names while a model runs, at some places of a batch. */
export interface Captured {
  /** For the options of the model; empty where nothing is wanted. */
  readonly options: Pick<ApplyOptions, 'capture'>;
  /** What was captured; RangeError for a name that the model did not give. */
  readonly of: (name: string) => Tensor;
}

/** A pick of states at `places`; `last` is not among them: the head reads those. */
export function capturing(names: readonly string[], places: Int32Array): Captured {
  const wanted = new Set(names.filter((name) => name !== 'last'));
  const [found, given] = [new Map<string, Tensor>(), new Set<string>()];
  return {
    options: wanted.size === 0 ? {} : {
      capture: (name, value) => {
        given.add(name);
        if (wanted.has(name)) found.set(name, atPlaces(value, places));
      },
    },
    of: (name) => {
      const states = found.get(name);
      if (states === undefined) throw new RangeError(`distillLoss: expected features of states that the model captures, one of last, ${[...given].join(', ')}, but found ${name}. Name one of these.`);
      return states;
    },
  };
}
