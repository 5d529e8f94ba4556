import { EvalError } from '../eval-error.ts';
import type { OutputType } from '../tasks/task-config.ts';
import { type Aggregation, bitsPerByte, brierScore, bypass, f1, likelihood, matthews, mean, median, nanmean, perplexity, weightedPerplexity } from './aggregation.ts';
import { bleu } from './bleu.ts';
import { chrf, chrfPlusPlus } from './chrf.ts';
import { ter } from './ter.ts';

/** A metric's usual aggregation, and which way is better. */
export interface KnownMetric {
  readonly aggregation: Aggregation;
  readonly higherIsBetter: boolean;
}

const up = (aggregation: Aggregation): KnownMetric => ({ aggregation, higherIsBetter: true });
const down = (aggregation: Aggregation): KnownMetric => ({ aggregation, higherIsBetter: false });

/** The metrics of lm-evaluation-harness by name. */
export const METRICS: ReadonlyMap<string, KnownMetric> = new Map<string, KnownMetric>([
  ['acc', up(mean)], ['acc_norm', up(mean)], ['acc_bytes', up(mean)], ['acc_mutual_info', up(mean)], ['exact_match', up(mean)],
  ['perplexity', down(perplexity)], ['word_perplexity', down(weightedPerplexity)], ['byte_perplexity', down(weightedPerplexity)], ['bits_per_byte', down(bitsPerByte)],
  ['f1', up(f1)], ['mcc', up(matthews)], ['brier_score', down(brierScore)], ['likelihood', up(likelihood)],
  ['bleu', up(bleu)], ['chrf', up(chrf)], ['chrf++', up(chrfPlusPlus)], ['ter', down(ter)], ['bypass', up(bypass)],
]);

/** What is measured where a task does not say. */
export const DEFAULT_METRICS: Readonly<Record<OutputType, readonly string[]>> = {
  loglikelihood: ['perplexity', 'acc'], loglikelihood_rolling: ['word_perplexity', 'byte_perplexity', 'bits_per_byte'], multiple_choice: ['acc', 'acc_norm'], generate_until: ['exact_match'],
};

const AGGREGATIONS: ReadonlyMap<string, Aggregation> = new Map([
  mean, nanmean, median, perplexity, weightedPerplexity, bitsPerByte, f1, matthews, brierScore, bleu, chrf, chrfPlusPlus, ter, bypass,
].map((each) => [each.name, each]));

/** The aggregation of that name; EvalError E_TASK_CONFIG where there is none. */
export function aggregationNamed(name: string, task: string): Aggregation {
  const found = AGGREGATIONS.get(name);
  if (found === undefined) throw new EvalError('E_TASK_CONFIG', `${task}: expected an aggregation of ${[...AGGREGATIONS.keys()].join(', ')} but found ${name}. Pass one of your own.`);
  return found;
}
