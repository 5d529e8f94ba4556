import { div, type Tensor, tensor } from '@llm/tensor';
import type { PolicyTerms } from '../objective.ts';

/** The logarithm of the importance ratio that each token is weighted by. */
export type RatioLevel = (terms: PolicyTerms) => Tensor;

/** ln π(token) − ln π_old(token). */
export const tokenRatio: RatioLevel = ({ logRatio }) => logRatio;

/** The mean over the tokens of the completion, the same for all of them (GSPO). */
export const sequenceRatio: RatioLevel = ({ batch, logRatio, perSequence, perToken }) => perToken(div(perSequence(logRatio), tensor(batch.tokenCounts)));
