import { add, cast, div, exp, maximum, mul, neg, sub, sum, type Tensor, tensor, where, zerosLike } from '@llm/tensor';
import type { Objective, PolicyTerms } from '../objective.ts';
import type { Counts, PolicyBatch } from '../policy-batch.ts';
import { tokenRatio, type RatioLevel } from './ratio.ts';

/** What every objective of the GRPO family can do beside its own policy term. */
export interface GroupOptions {
  /** β, the factor of the divergence from the reference model, or what controls it; default 0, for which no reference is needed. */
  readonly beta?: number | { readonly beta: number };
  /** Multiplies the divergence by the ratio, whose gradient makes it that of the reverse divergence (DeepSeek-V3.2, TRL from 1.16 on); default true. */
  readonly correctedKl?: boolean;
  /** Completions with a negative advantage whose mean divergence from π_old is larger do not count; default Infinity. */
  readonly offPolicyLimit?: number;
  /** Of one token, or of the whole completion (`sequenceRatio`). */
  readonly ratio?: RatioLevel;
}

/** An objective Σ weight · (factor · policy + β · kl), with weights that say how tokens and completions are averaged. */
export function groupObjective(name: string, { counts, weights, policy, ...options }: GroupOptions & {
  readonly counts: Counts;
  /** The weight of each token. */
  readonly weights: (batch: PolicyBatch) => Float32Array | number;
  /** The term of each token from its ratio. */
  readonly policy: (ratio: Tensor, terms: PolicyTerms) => Tensor;
  /** The policy term already holds the correction for another sampler; default false. */
  readonly corrects?: boolean;
}): Objective {
  const { beta: given = 0, correctedKl = true, offPolicyLimit = Infinity, ratio: level = tokenRatio, corrects = false } = options;
  return {
    name,
    counts,
    sum(terms) {
      const { batch, logProbs } = terms;
      const beta = typeof given === 'number' ? given : given.beta;
      const ratio = exp(level(terms));
      let term = policy(ratio, terms);
      if (offPolicyLimit !== Infinity) term = mul(term, onPolicy(terms, offPolicyLimit));
      if (batch.factors !== undefined) term = mul(term, tensor(batch.factors));
      if (batch.correction !== undefined && !corrects) term = mul(term, tensor(batch.correction));
      if (beta !== 0) {
        if (batch.refLogProbs === undefined) throw new RangeError(`${name}: expected the log-probabilities of the reference model, as beta is ${beta}, but found none. Give policyBatch refLogProbs.`);
        const kl = divergence(logProbs, tensor(batch.refLogProbs));
        term = add(term, mul(correctedKl ? mul(kl, ratio) : kl, beta));
      }
      const weight = weights(batch);
      return sum(typeof weight === 'number' ? mul(term, weight) : mul(term, tensor(weight)));
    },
  };
}

/** e^d − d − 1 with d = ln π_ref − ln π: never negative, and on average the divergence (Schulman's k3). */
function divergence(logProbs: Tensor, reference: Tensor): Tensor {
  const difference = sub(reference, logProbs);
  return sub(sub(exp(difference), difference), 1);
}

/** 1 for the tokens of completions that count, else 0. */
function onPolicy({ batch, logRatio, perSequence, perToken }: PolicyTerms, limit: number): Tensor {
  const mean = div(perSequence(neg(logRatio)), tensor(batch.tokenCounts));
  const far = cast(maximum(sub(perToken(mean), limit), 0), 'bool');
  const good = tensor(Float32Array.from(batch.advantages, (advantage) => Number(advantage >= 0)));
  return where(far, good, add(zerosLike(good), 1));
}

/** 1 / length of its completion, for each token. */
export function perLength({ sequenceOf, tokenCounts }: PolicyBatch): Float32Array {
  return Float32Array.from(sequenceOf, (sequence) => 1 / tokenCounts[sequence]!);
}
