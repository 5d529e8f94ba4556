import { clone, concat, keep, type Leaf, isWeight, linear, linearLogProbs, mean, scope, sub, type Tensor, type Tree } from '@llm/tensor';
import type { PairLoss, PairScores } from '../losses/pair-loss.ts';
import { completionSums, predictingStates, type ScoringModel } from './log-probs.ts';
import type { PairBatch } from './pair-batch.ts';
import { pairScores, referenceLogProbs } from './preference-loss.ts';
import { splitPairs } from './split-pairs.ts';

/** Means over pairs; rewards are β (ln π − ln π_ref), or β ln π where there is no reference. */
export interface PairMetrics {
  readonly pairs: number;
  readonly chosenReward: number;
  readonly rejectedReward: number;
  /** chosenReward − rejectedReward. */
  readonly margin: number;
  /** The share of pairs whose chosen completion has the larger reward. */
  readonly accuracy: number;
  /** ln π of the completions, summed over their tokens. */
  readonly chosenLogProb: number;
  readonly rejectedLogProb: number;
}

export interface PairEvaluation extends PairMetrics {
  /** Mean over pairs, where a loss was given. */
  readonly loss?: number;
  /** The mean logit over vocabulary and tokens of the completions. */
  readonly chosenLogit: number;
  readonly rejectedLogit: number;
}

type Flat = readonly [policyChosen: number, policyRejected: number, referenceChosen: number, referenceRejected: number];

function summed(pairs: readonly Flat[], beta: number): PairMetrics {
  const average = (of: (pair: Flat) => number): number => pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const chosenReward = average(([chosen, , reference]) => beta * (chosen - reference));
  const rejectedReward = average(([, rejected, , reference]) => beta * (rejected - reference));
  return {
    pairs: pairs.length, chosenReward, rejectedReward, margin: chosenReward - rejectedReward,
    accuracy: average(([chosen, rejected, chosenReference, rejectedReference]) => Number(chosen - chosenReference > rejected - rejectedReference)),
    chosenLogProb: average(([chosen]) => chosen), rejectedLogProb: average(([, rejected]) => rejected),
  };
}

/** All four numbers of each pair in one tensor: [4 · pairs]. */
function joined({ policy, reference }: PairScores): Tensor {
  const zero = (x: Tensor): Tensor => sub(x, x);
  return concat([policy.chosen, policy.rejected, reference?.chosen ?? zero(policy.chosen), reference?.rejected ?? zero(policy.rejected)]);
}

const pairsOf = (values: ArrayLike<number>, pairs: number): Flat[] => Array.from({ length: pairs }, (_, i) => [values[i]!, values[pairs + i]!, values[2 * pairs + i]!, values[3 * pairs + i]!]);

export interface EvaluatePairsOptions {
  readonly batches: Iterable<PairBatch> | AsyncIterable<PairBatch>;
  /** The parameters of the reference, where the batches have no log-probabilities of it. */
  readonly reference?: Tree;
  /** The scale of the rewards; default 0.1. */
  readonly beta?: number;
  /** Also give the mean of this loss. */
  readonly loss?: PairLoss;
}

/** Rewards, margins and accuracy of a policy on pairs, with one read from the device for each batch. */
export async function evaluatePairs(model: ScoringModel, params: Tree, { batches, reference, beta = 0.1, loss }: EvaluatePairsOptions): Promise<PairEvaluation> {
  const all: Flat[] = [];
  const logits = { chosen: 0, rejected: 0, chosenTokens: 0, rejectedTokens: 0 };
  let losses = 0;
  for await (const batch of batches) {
    const read = scope(() => {
      const states = predictingStates(model, params, batch);
      const head = model.head(params);
      const { logProbs } = linearLogProbs(states, head, batch.targets);
      const scores = pairScores(batch, { logProbs, reference: referenceLogProbs(model, reference, batch) });
      const sums = splitPairs(completionSums(meanLogits(states, head), batch, batch.unweighed ?? batch.weights), batch.pairs);
      return concat([joined(scores), sums.chosen, sums.rejected, ...(loss === undefined ? [] : [loss(scores)])]);
    });
    const values = await read.data();
    read.dispose();
    const { pairs, tokenCounts } = batch;
    all.push(...pairsOf(values, pairs));
    for (let i = 0; i < pairs; i++) {
      logits.chosen += values[4 * pairs + i]!;
      logits.rejected += values[5 * pairs + i]!;
      logits.chosenTokens += tokenCounts[i]!;
      logits.rejectedTokens += tokenCounts[pairs + i]!;
      losses += loss === undefined ? 0 : values[6 * pairs + i]!;
    }
  }
  if (all.length === 0) throw new RangeError('evaluatePairs: expected at least one batch but found none');
  return {
    ...summed(all, beta), chosenLogit: logits.chosen / logits.chosenTokens, rejectedLogit: logits.rejected / logits.rejectedTokens,
    ...(loss === undefined ? {} : { loss: losses / all.length }),
  };
}

/** The mean over the vocabulary of the logits of each state: [tokens, width] → [tokens]. A matrix is averaged first. */
function meanLogits(states: Tensor, head: Leaf): Tensor {
  return mean(isWeight(head) ? linear(states, head) : linear(states, mean(head, 0, true)), -1);
}

/** Metrics of the batches that a run is training on, kept on the device until they are read. */
export interface PairWatch {
  /** To be given to `preferenceLoss`. */
  readonly capture: (scores: PairScores) => void;
  /** The metrics of the latest batches, which are then forgotten; undefined where there was none. */
  read(): Promise<PairMetrics | undefined>;
}

/**
 * Watches the pairs that a run is training on, without a read from the device until `read` is called. A compiled step runs no capture after its
 * first time: evaluate instead.
 */
export function watchPairs({ beta = 0.1, batches = 1 }: { readonly beta?: number; readonly batches?: number } = {}): PairWatch {
  if (!Number.isSafeInteger(batches) || batches < 1) throw new RangeError(`watchPairs: expected batches to be a whole number from 1 on but found ${batches}`);
  let held: Tensor[] = [];
  return {
    capture(scores) {
      held.push(keep(clone(joined(scores))));
      while (held.length > batches) held.shift()!.dispose();
    },
    async read() {
      const taken = held;
      held = [];
      if (taken.length === 0) return undefined;
      try {
        const values = await Promise.all(taken.map(async (each) => each.data()));
        return summed(values.flatMap((each) => pairsOf(each, each.length / 4)), beta);
      } finally {
        for (const each of taken) each.dispose();
      }
    },
  };
}
