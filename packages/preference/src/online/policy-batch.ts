import { type CompletionBatch, completionBatch, type PromptTree } from '../offline/completion-batch.ts';
import { type RowLayout, separateRows } from '../offline/layouts.ts';
import type { Round } from './round.ts';

/** What a loss divides by: the tokens, completions, pairs of completions or batches of the whole step. */
export type Counts = 'tokens' | 'sequences' | 'pairs' | 'batches';

/** The rows of completions, group after group. */
export interface CompletionRows extends CompletionBatch {
  /** [tokens]: the completion of each token that is to be predicted. */
  readonly sequenceOf: Int32Array;
}

/** Completions with what an objective needs to know of them. Arrays of numbers are [tokens]. */
export interface PolicyBatch extends CompletionRows {
  /** How many units of the objective count: `train` divides by their number in the whole step. */
  readonly targetCount: number;
  readonly counts: Counts;
  readonly advantages: Float32Array;
  /** ln π_old, where several updates are made from one round. */
  readonly oldLogProbs?: Float32Array;
  /** ln π_ref of the reference model. */
  readonly refLogProbs?: Float32Array;
  /** Factors of the policy term of each token, such as `topEntropyTokens`. */
  readonly factors?: Float32Array;
  /** π_old / π_sampler of each token, where they differ: see `maskedCorrection`. */
  readonly correction?: Float32Array;
}

export interface PolicyBatchOptions {
  /** The objective that the batch is for, which says what counts. */
  readonly objective: { readonly counts: Counts };
  /** One number for each completion, or for each token. */
  readonly advantages: ArrayLike<number>;
  readonly oldLogProbs?: ArrayLike<number>;
  readonly refLogProbs?: ArrayLike<number>;
  readonly factors?: ArrayLike<number>;
  readonly correction?: ArrayLike<number>;
  /** Default `separateRows()`; `sharedPrefix()` runs each prompt once for all of its completions. */
  readonly layout?: RowLayout;
}

const OPTIONAL = ['oldLogProbs', 'refLogProbs', 'factors', 'correction'] as const;

/**
 * The completions of a round, or of some of its groups, as rows of tokens: what `scoreTokens` scores.
 *
 * @throws RangeError where there are none, and for an empty prompt or completion.
 */
export function completionRows({ groups }: Pick<Round, 'groups'>, { layout = separateRows() }: { layout?: RowLayout } = {}): CompletionRows {
  const trees = groups.map(({ prompt, completions }): PromptTree => ({ prompt: prompt.ids, branches: completions.map(({ ids }) => ids) }));
  const all = trees.flatMap(({ branches }) => branches);
  if (all.length === 0) throw new RangeError('completionRows: expected at least one completion but found none. Sample more prompts, or skip the round.');
  for (const [i, { prompt, branches }] of trees.entries()) {
    if (prompt.length === 0) throw new RangeError(`completionRows: expected a prompt of at least one id but found none in group ${i}. Begin with the token that begins a text.`);
    if (branches.some(({ length }) => length === 0)) throw new RangeError(`completionRows: expected completions of at least one token but found an empty one in group ${i}. Leave it out.`);
  }
  const laid = layout(trees);
  const first = trees.map((_, i) => trees.slice(0, i).reduce((sum, { branches }) => sum + branches.length, 0));
  const spans = Array.from(all, (tokens) => ({ tokens, before: 0, start: 0 }));
  for (const { tree, branch, start, promptEnd } of laid.placed) spans[first[tree]! + branch] = { tokens: all[first[tree]! + branch]!, before: promptEnd, start };
  return { ...completionBatch(laid, spans), sequenceOf: Int32Array.from(all.flatMap(({ length }, i) => Array.from({ length }, () => i))) };
}

/**
 * A batch for `policyLoss` of what was sampled, all of a round or some of its groups.
 *
 * @throws RangeError where advantages or log-probabilities are not one a token (advantages also: one a completion), or not finite.
 *
 * @example
 * ```ts
 * import { dapo, groupAdvantages, policyBatch } from '@llm/preference';
 * const completion = (...ids: number[]) => ({ ids: Int32Array.from(ids), logProbs: new Float32Array(ids.length), reason: 'eos' as const });
 * const groups = [{ prompt: { ids: [1] }, completions: [completion(2, 3), completion(4)] }];
 * const batch = policyBatch({ groups }, { objective: dapo(), advantages: groupAdvantages([1, 0], { samples: 2 }) });
 * if (batch.targetCount !== 3 || !(batch.advantages[1]! > 0 && batch.advantages[2]! < 0)) throw new Error('three tokens');
 * ```
 */
export function policyBatch(round: Pick<Round, 'groups'>, options: PolicyBatchOptions): PolicyBatch {
  const { objective: { counts }, layout } = options;
  const rows = completionRows(round, layout === undefined ? {} : { layout });
  const tokens = rows.targets.length;
  const sequences = rows.completions;
  const perToken = (name: 'advantages' | typeof OPTIONAL[number]): Float32Array | undefined => {
    const values = options[name];
    if (values === undefined) return undefined;
    const spread = name === 'advantages' && values.length === sequences && values.length !== tokens;
    if (!spread && values.length !== tokens) {
      throw new RangeError(`policyBatch: expected ${name} for ${tokens} tokens${name === 'advantages' ? ` or ${sequences} completions` : ''} but found ${values.length} numbers`);
    }
    const all = spread ? Float32Array.from(rows.sequenceOf, (sequence) => values[sequence]!) : Float32Array.from(values);
    if (!all.every(Number.isFinite)) throw new RangeError(`policyBatch: expected finite ${name} but found ${all.find((value) => !Number.isFinite(value))}. Leave out completions without a reward, or give them an advantage of 0.`);
    return all;
  };
  const given = Object.fromEntries(OPTIONAL.flatMap((name) => {
    const values = perToken(name);
    return values === undefined ? [] : [[name, values]];
  }));
  return { ...rows, counts, targetCount: unitsOf(counts, { tokens, sequences }), advantages: perToken('advantages')!, ...given };
}

function unitsOf(counts: Counts, { tokens, sequences }: { tokens: number; sequences: number }): number {
  if (counts === 'pairs' && sequences % 2 !== 0) throw new RangeError(`policyBatch: expected completions in pairs but found ${sequences}`);
  return { tokens, sequences, pairs: sequences / 2, batches: 1 }[counts];
}
