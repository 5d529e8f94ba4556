import { scope, type Tree } from '@llm/tensor';
import type { CompletionBatch } from './completion-batch.ts';
import { type ScoringModel, sequenceLogProbs } from './log-probs.ts';
import { pairBatch, type PairBatchOptions, type TokenizedPair } from './pair-batch.ts';
import type { UnpairedBatch } from './unpaired-batch.ts';

export interface PrecomputeReferenceOptions<P extends TokenizedPair> extends Pick<PairBatchOptions, 'layout' | 'ldAlpha'> {
  readonly pairs: readonly P[];
  /** Pairs that are scored at once; default 8. */
  readonly pairsPerBatch?: number;
}

/**
 * The same pairs with their log-probabilities under the reference, to be kept with the data: the reference is then not needed any more.
 *
 * Give `ldAlpha` what the batches of the training have.
 */
export async function precomputeReference<P extends TokenizedPair>(
  model: ScoringModel, params: Tree, { pairs, pairsPerBatch = 8, layout, ldAlpha }: PrecomputeReferenceOptions<P>,
): Promise<(P & Required<Pick<TokenizedPair, 'reference'>>)[]> {
  if (!Number.isSafeInteger(pairsPerBatch) || pairsPerBatch < 1) throw new RangeError(`precomputeReference: expected pairsPerBatch to be a whole number from 1 on but found ${pairsPerBatch}`);
  const found: (P & Required<Pick<TokenizedPair, 'reference'>>)[] = [];
  for (let at = 0; at < pairs.length; at += pairsPerBatch) {
    const some = pairs.slice(at, at + pairsPerBatch);
    const plain = some.map(({ prompt, rejectedPrompt, chosen, rejected }): TokenizedPair => ({ prompt, chosen, rejected, ...(rejectedPrompt === undefined ? {} : { rejectedPrompt }) }));
    const batch = pairBatch(plain, { ...(layout === undefined ? {} : { layout }), ...(ldAlpha === undefined ? {} : { ldAlpha }) });
    const values = await valuesOf(model, params, batch);
    for (const [i, pair] of some.entries()) found.push({ ...pair, reference: { chosen: values[i]!, rejected: values[some.length + i]! } });
  }
  return found;
}

/**
 * The same batch with the log-probabilities of its completions, and of the mismatched ones, under the reference. As completions of a batch are
 * matched with each other's prompts, it is the batch that is to be kept, not its completions.
 */
export async function precomputeUnpairedReference(model: ScoringModel, params: Tree, batch: UnpairedBatch): Promise<UnpairedBatch> {
  const { mismatched } = batch;
  return {
    ...batch, reference: await valuesOf(model, params, batch),
    ...(mismatched === undefined ? {} : { mismatched: { ...mismatched, reference: await valuesOf(model, params, mismatched) } }),
  };
}

async function valuesOf(model: ScoringModel, params: Tree, batch: CompletionBatch): Promise<Float32Array> {
  const scores = scope(() => sequenceLogProbs(model, params, batch));
  const values = await scores.data();
  scores.dispose();
  return Float32Array.from(values);
}
