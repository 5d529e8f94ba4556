import { type CompletionBatch, completionBatch, type PromptTree, type Span } from './completion-batch.ts';
import { type RowLayout, separateRows } from './layouts.ts';

/** A completion that is good or bad by itself, as ids. */
export interface TokenizedCompletion {
  readonly prompt: ArrayLike<number>;
  readonly completion: ArrayLike<number>;
  readonly desirable: boolean;
  /** Its log-probability under the reference. */
  readonly reference?: number;
  /** How much it counts, as `densityRatio` says; default 1. */
  readonly weight?: number;
}

/** Single completions as rows of tokens. */
export interface UnpairedBatch extends CompletionBatch {
  /** Completions, which is what the loss is averaged over. */
  readonly targetCount: number;
  /** 1 where desirable, else 0: [completions]. */
  readonly desirable: Float32Array;
  /** Log-probabilities under the reference: [completions]. */
  readonly reference?: Float32Array;
  /** Every prompt with the completion of the one before it, from which KTO sees how far the policy is from the reference. */
  readonly mismatched?: CompletionBatch & { readonly reference?: Float32Array };
  /** Weights of the completions: [completions]. */
  readonly completionWeights?: Float32Array;
}

export interface UnpairedBatchOptions {
  /** How completions become rows; default `separateRows()`. */
  readonly layout?: RowLayout;
  /** Also make the mismatched completions that `kto` needs; default true. */
  readonly mismatched?: boolean;
}

function batchOf(layout: RowLayout, trees: readonly (PromptTree & { readonly branches: readonly [ArrayLike<number>] })[]): CompletionBatch {
  const laid = layout(trees);
  const spans: Span[] = [];
  for (const { tree, start, promptEnd } of laid.placed) spans[tree] = { tokens: trees[tree]!.branches[0], before: promptEnd, start };
  return completionBatch(laid, spans);
}

/**
 * A batch of single completions.
 *
 * @throws RangeError for an empty prompt or completion, for references of only some of them, and for fewer than two where mismatched ones are made.
 */
export function unpairedBatch(completions: readonly TokenizedCompletion[], { layout = separateRows(), mismatched = true }: UnpairedBatchOptions = {}): UnpairedBatch {
  const least = mismatched ? 2 : 1;
  if (completions.length < least) {
    throw new RangeError(`unpairedBatch: expected at least ${least} completion${least === 1 ? '' : 's, as each prompt is also given another one\'s,'} but found ${completions.length}.${mismatched ? ' Use larger batches, or mismatched: false for a loss without a baseline from them.' : ''}`);
  }
  for (const [i, each] of completions.entries()) {
    for (const part of ['prompt', 'completion'] as const) {
      if (each[part].length === 0) throw new RangeError(`unpairedBatch: expected a prompt and a completion of at least one token each but found no ${part} in ${i}. Leave it out, or begin prompts and end completions with a token for that.`);
    }
  }
  const references = completions.flatMap(({ reference }) => reference ?? []);
  if (references.length !== 0 && references.length !== completions.length) {
    throw new RangeError(`unpairedBatch: expected a reference for every completion or for none but found ${references.length} of ${completions.length}. Give it to all of them.`);
  }
  const weighed = completions.some(({ weight }) => weight !== undefined);
  return {
    ...batchOf(layout, completions.map(({ prompt, completion }) => ({ prompt, branches: [completion] as const }))),
    targetCount: completions.length,
    desirable: Float32Array.from(completions, ({ desirable }) => Number(desirable)),
    ...(references.length === 0 ? {} : { reference: Float32Array.from(references) }),
    ...(weighed ? { completionWeights: Float32Array.from(completions, ({ weight }) => weight ?? 1) } : {}),
    ...(mismatched ? { mismatched: batchOf(layout, completions.map(({ prompt }, i) => ({ prompt, branches: [completions.at(i - 1)!.completion] as const }))) } : {}),
  };
}
