import { type Example, targetsOf } from '../examples/example.ts';
import type { Finding } from './finding.ts';

export interface LintTokensOptions {
  /** The longest that is kept whole; default none. */
  readonly maxLength?: number;
  readonly bosId?: number;
  /** The ids that may end an answer: the end of the text, and that of a turn. */
  readonly endIds?: Iterable<number>;
}

/**
 * Looks for examples that are probably wrong as tokens: nothing learned, or nothing left of it in `maxLength` tokens; longer than that;
 * two beginnings of text; and no learned token that ends an answer, so that the model would not learn to stop.
 *
 * @example
 * ```ts
 * import { lintTokens, plainExample } from '@llm/sft';
 * const rules = lintTokens([plainExample([1, 1, 7, 8])], { bosId: 1, endIds: [2] }).map(({ rule }) => rule).join();
 * if (rules !== 'bos-twice,no-end') throw new Error(rules);
 * ```
 */
export function lintTokens(examples: readonly Example[], { maxLength = Infinity, bosId, endIds }: LintTokensOptions = {}): Finding[] {
  const ends = endIds === undefined ? undefined : new Set(endIds);
  const findings: Finding[] = [];
  examples.forEach((example, i) => {
    const { ids, weights } = example;
    const add = (rule: string, message: string): void => { findings.push({ rule, record: example.index ?? i, message }); };
    const targets = targetsOf(example);
    if (targets === 0) add('nothing-learned', `none of its ${ids.length} tokens is learned`);
    if (ids.length > maxLength) {
      const left = targetsOf({ ids, weights: weights.subarray(0, maxLength) });
      add('too-long', `it has ${ids.length} tokens, of which ${maxLength} are kept, with ${left} of ${targets} learned ones`);
    }
    if (bosId !== undefined && ids[0] === bosId && ids[1] === bosId) add('bos-twice', 'it begins with two beginnings of text');
    if (ends !== undefined && targets > 0 && !ids.some((id, at) => weights[at]! > 0 && ends.has(id))) add('no-end', 'no learned token ends an answer');
  });
  return findings;
}
