import { type CompletionBatch, completionBatch, type Span } from './completion-batch.ts';
import { type RowLayout, separateRows } from './layouts.ts';

/** A prompt with a better and a worse completion, as ids. */
export interface TokenizedPair {
  readonly prompt: ArrayLike<number>;
  readonly chosen: ArrayLike<number>;
  readonly rejected: ArrayLike<number>;
  /** The prompt of the rejected completion, where another part of it was kept for that one; see `keepEnd`. */
  readonly rejectedPrompt?: ArrayLike<number>;
  /** By how much the chosen one shall be better, for reward models. */
  readonly margin?: number;
  /** Log-probabilities under the reference, from `precomputeReference`. */
  readonly reference?: { readonly chosen: number; readonly rejected: number };
}

/** Pairs as rows of tokens: the chosen completions first, then the rejected ones, then the prompts where they were asked for. */
export interface PairBatch extends CompletionBatch {
  readonly pairs: number;
  /** Pairs, which is what the loss is averaged over. */
  readonly targetCount: number;
  /** 1 for every token, where `weights` holds those of LD-DPO. */
  readonly unweighed?: Float32Array;
  /** Log-probabilities under the reference, chosen first: [2 · pairs]. */
  readonly reference?: Float32Array;
  /** [pairs]. */
  readonly margins?: Float32Array;
  readonly prompts: boolean;
}

export interface PairBatchOptions {
  /** How pairs become rows; default `separateRows()`. */
  readonly layout?: RowLayout;
  /** Also score the tokens of the prompts, as `orpo` needs it; default false. */
  readonly prompts?: boolean;
  /** LD-DPO: how much the tokens of the longer completion count that are beyond the length of the shorter, from 0 to 1; default 1. */
  readonly ldAlpha?: number;
}

/**
 * A batch of pairs.
 *
 * @throws RangeError for an empty prompt or completion, for references or margins of only some of the pairs, and for no pairs.
 *
 * @example
 * ```ts
 * import { pairBatch, sharedPrefix } from '@llm/preference';
 * const batch = pairBatch([{ prompt: [1, 2, 3], chosen: [4, 5], rejected: [6] }], { layout: sharedPrefix() });
 * // One row: the prompt, then both completions, each of which goes on from position 3.
 * if (batch.ids.join() !== '1,2,3,4,5,6' || batch.positions.join() !== '0,1,2,3,4,3') throw new Error('one row');
 * if (batch.places.join() !== '2,3,2') throw new Error('the last token of the prompt predicts the first of both');
 * ```
 *
 * LD-DPO: Liu et al. 2024, https://arxiv.org/abs/2409.06411
 */
export function pairBatch(pairs: readonly TokenizedPair[], { layout = separateRows(), prompts = false, ldAlpha = 1 }: PairBatchOptions = {}): PairBatch {
  if (pairs.length === 0) throw new RangeError('pairBatch: expected at least one pair but found none');
  if (!(ldAlpha >= 0 && ldAlpha <= 1)) throw new RangeError(`pairBatch: expected ldAlpha from 0 to 1 but found ${ldAlpha}`);
  for (const [i, pair] of pairs.entries()) {
    for (const part of ['prompt', 'rejectedPrompt', 'chosen', 'rejected'] as const) {
      if (pair[part]?.length === 0) {
        throw new RangeError(`pairBatch: expected a prompt, a chosen and a rejected completion of at least one token each but found no ${part} in pair ${i}. ${part.endsWith('rompt') ? 'Begin prompts with a token such as the one for the beginning of a text.' : 'Leave such pairs out, or end every completion with the end-of-text token.'}`);
      }
    }
  }
  // Completions that follow different prompts are trees of their own.
  const trees = pairs.flatMap(({ prompt, rejectedPrompt, chosen, rejected }, pair) => (rejectedPrompt === undefined
    ? [{ prompt, branches: [chosen, rejected], pair, firstSide: 0 }]
    : [{ prompt, branches: [chosen], pair, firstSide: 0 }, { prompt: rejectedPrompt, branches: [rejected], pair, firstSide: 1 }]));
  const laid = layout(trees);
  const count = pairs.length;
  const spans: Span[] = [];
  for (const { tree, branch, start, promptEnd } of laid.placed) {
    const { prompt, branches, pair, firstSide } = trees[tree]!;
    const side = firstSide + branch;
    spans[side * count + pair] = { tokens: branches[branch]!, before: promptEnd, start };
    // The first token of a prompt is predicted by nothing.
    const first = promptEnd - prompt.length + 1;
    if (prompts && side === 0) spans[2 * count + pair] = { tokens: Array.from(prompt).slice(1), before: first, start: first + 1 };
  }
  const batch = completionBatch(laid, spans);
  const reference = given(pairs, { name: 'reference', of: ({ reference }) => reference });
  const margins = given(pairs, { name: 'margin', of: ({ margin }) => margin });
  return {
    ...batch,
    ...(ldAlpha === 1 ? {} : { weights: tailsWeighed(batch, { pairs: count, ldAlpha }), unweighed: batch.weights }),
    pairs: count, targetCount: count, prompts,
    ...(reference === undefined ? {} : { reference: Float32Array.from([...reference.map(({ chosen }) => chosen), ...reference.map(({ rejected }) => rejected)]) }),
    ...(margins === undefined ? {} : { margins: Float32Array.from(margins) }),
  };
}

/** What all pairs have, or undefined where none has it. */
function given<T>(pairs: readonly TokenizedPair[], { name, of }: { name: string; of: (pair: TokenizedPair) => T | undefined }): T[] | undefined {
  const found = pairs.flatMap((pair) => of(pair) ?? []);
  if (found.length !== 0 && found.length !== pairs.length) {
    throw new RangeError(`pairBatch: expected a ${name} in every pair or in none but found one in ${found.length} of ${pairs.length}. Give it to all of them.`);
  }
  return found.length === 0 ? undefined : found as T[];
}

/** Weights where the tokens beyond the shorter completion of a pair count `ldAlpha`. */
function tailsWeighed({ weights, longest, tokenCounts }: CompletionBatch, { pairs, ldAlpha }: { pairs: number; ldAlpha: number }): Float32Array {
  return weights.map((weight, i) => {
    const completion = Math.floor(i / longest);
    if (completion >= 2 * pairs) return weight;
    const shared = Math.min(tokenCounts[completion % pairs]!, tokenCounts[completion % pairs + pairs]!);
    return i % longest < shared ? weight : weight * ldAlpha;
  });
}
