import { EvalError } from '../eval-error.ts';
import { strip } from '../python/text.ts';
import { eachResponse, type Filter } from './filter.ts';
import { multiChoiceRegex } from './multi-choice-regex.ts';
import { regexFilter } from './regex-filter.ts';

/** A step of a filter by name, with what it is told. */
export interface FilterStep {
  readonly function: string;
  readonly [option: string]: unknown;
}

/** A pipeline of filters: its results are metrics of their own. */
export interface FilterPipeline {
  readonly name: string;
  readonly filter: readonly FilterStep[];
}

/** The first response of each request. */
export const takeFirst: Filter = (all) => all.map((responses) => responses[0]);

/** The first k responses of each request; EvalError E_TASK_CONFIG where there are fewer. */
export function takeFirstK(k: number): Filter {
  return (all) => all.map((responses) => {
    if (responses.length < k) throw new EvalError('E_TASK_CONFIG', `take_first_k: expected ${k} responses but found ${responses.length}. Raise repeats of the task.`);
    return responses.slice(0, k);
  });
}

/** The most frequent response of each request, the first of equally frequent ones. */
export const majorityVote: Filter = (all) => all.map((responses) => {
  const counts = new Map<unknown, number>();
  for (const response of responses) counts.set(response, (counts.get(response) ?? 0) + 1);
  return [[...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0]];
});

type Options = Readonly<Record<string, unknown>>;
const text = (response: unknown): string => (typeof response === 'string' ? response : '');

const FILTERS: Readonly<Record<string, (options: Options) => Filter>> = {
  take_first: () => takeFirst,
  take_first_k: ({ k }) => takeFirstK(Number(k)),
  majority_vote: () => majorityVote,
  regex: regexFilter,
  multi_choice_regex: multiChoiceRegex,
  remove_whitespace: () => eachResponse((response) => strip(text(response))),
  lowercase: () => eachResponse((response) => text(response).toLowerCase()),
  uppercase: () => eachResponse((response) => text(response).toUpperCase()),
  map: ({ mappingDict = {}, defaultValue = null }) => eachResponse((response) => (Object.hasOwn(mappingDict as object, String(response)) ? (mappingDict as Options)[String(response)] : defaultValue)),
  custom({ filterFn }) {
    if (typeof filterFn !== 'function') throw new EvalError('E_TASK_CONFIG', 'custom: expected filter_fn to be a function but found none. Name one with !function.');
    return filterFn as Filter;
  },
};

/** Runs the steps of a pipeline one after the other; EvalError E_TASK_CONFIG for one that nobody knows. */
export function filterPipeline({ name, filter: steps }: FilterPipeline): Filter {
  const filters = steps.map(({ function: called, ...options }) => {
    const make = Object.hasOwn(FILTERS, called) ? FILTERS[called] : undefined;
    if (make === undefined) throw new EvalError('E_TASK_CONFIG', `filter ${name}: expected one of ${Object.keys(FILTERS).join(', ')} but found ${called}. Use custom with a function of your own.`);
    return make(options);
  });
  return (responses, docs) => filters.reduce<readonly unknown[]>((now, filter) => filter(now as readonly (readonly unknown[])[], docs), responses);
}
