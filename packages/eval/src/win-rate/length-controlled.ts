import { dot, logLoss, type LogisticRows, sigmoid, sparseLogistic } from './sparse-logistic.ts';
import { decided } from './win-rate.ts';

/** A comparison of a model's answer with a baseline's. */
export interface LengthComparison {
  /** How likely the model's answer is the better one, from 0 to 1; undefined where the judge could not say. */
  readonly preference: number | undefined;
  /** Code points of the model's answer. */
  readonly modelLength: number;
  /** Code points of the baseline's answer. */
  readonly baselineLength: number;
  /** How hard the instruction is, a coefficient fitted over many models; 0 where nobody knows. */
  readonly difficulty: number;
}

/** A comparison of the baseline with a variant of itself that was told to be long or short: what keeps length from explaining everything. */
export interface GamedComparison {
  readonly preference: number;
  /** Baseline − model, over its standard deviation. */
  readonly standardDelta: number;
  readonly difficulty: number;
}

export interface LengthControlledOptions {
  /** AlpacaEval's are `df_gamed.csv` of its data set. */
  readonly gamed?: readonly GamedComparison[];
  /** How much all gamed comparisons of one kind weigh beside the model's own; default 0.2. */
  readonly lambda?: number;
  /** Parts of the cross-validation that chooses C among 10⁻⁴ … 10⁴; default 5. */
  readonly folds?: number;
}

export interface LengthControlled {
  /** The mean preference if all answers were as long as the baseline's, from 0 to 1. */
  readonly winRate: number;
  /** What the logarithm of the odds of a win is made of. */
  readonly coefficients: { readonly length: number; readonly difficulty: number; readonly model: number };
  /** The chosen C. */
  readonly strength: number;
}

const STRENGTHS = Array.from({ length: 10 }, (_, i) => 10 ** (-4 + (8 * i) / 9));

/**
 * AlpacaEval's length-controlled win rate: a logistic regression explains the preferences by length, by how hard an instruction is and by the model,
 * and the win rate is what it says where the lengths are equal.
 *
 *   logit p = a · tanh((len_baseline − len_model) / s) + b · difficulty + c,   winRate = mean over instructions of σ(b · difficulty + c)
 *
 * s is the standard deviation of the differences. Coefficients are pulled to zero (L1, no intercept), by the C that predicts best in five parts; gamed
 * comparisons weigh λ/2 each, as there are two kinds of them. liblinear, which AlpacaEval calls, stops at a tolerance of 10⁻⁴; this goes to the minimum.
 *
 * @throws RangeError for preferences outside 0 to 1, fewer comparisons than folds, and answers of the same difference in length.
 *
 * @example
 * ```ts
 * import { lengthControlledWinRate, winRate } from '@llm/eval';
 * // The longer answer wins, whoever wrote it, and the model wrote most of the longer ones.
 * const comparisons = Array.from({ length: 60 }, (_, i) => ({ preference: i % 4 === 0 ? 0.1 : 0.9, modelLength: i % 4 === 0 ? 80 + i : 300 + i, baselineLength: 200, difficulty: 0 }));
 * const controlled = lengthControlledWinRate(comparisons);
 * if (winRate(comparisons.map(({ preference }) => preference)).winRate < 0.69 || controlled.winRate > 0.6) throw new Error('it was the length');
 * ```
 *
 * Dubois et al. 2024, https://arxiv.org/abs/2404.04475
 */
export function lengthControlledWinRate(comparisons: readonly LengthComparison[], { gamed = [], lambda = 0.2, folds = 5 }: LengthControlledOptions = {}): LengthControlled {
  decided(comparisons.map(({ preference }) => preference), 'lengthControlledWinRate');
  const deltas = comparisons.map(({ modelLength, baselineLength }) => baselineLength - modelLength);
  const mean = deltas.reduce((sum, delta) => sum + delta, 0) / deltas.length;
  const deviation = Math.sqrt(deltas.reduce((sum, delta) => sum + (delta - mean) ** 2, 0) / (deltas.length - 1));
  if (!(deviation > 0)) throw new RangeError(`lengthControlledWinRate: expected differences in length that vary but found ${deltas.length} of ${deltas[0]}. Where length says nothing, take winRate.`);
  const rows = [
    ...gamed.map(({ preference, standardDelta, difficulty }) => ({ x: [Math.tanh(standardDelta), difficulty, 0], target: preference, weight: lambda / 2 })),
    ...comparisons.flatMap(({ preference, difficulty }, i) => (preference === undefined ? [] : [{ x: [Math.tanh(deltas[i]! / deviation), difficulty, 1], target: preference, weight: 1 }])),
  ].filter(({ weight }) => weight > 0);
  if (rows.length < folds) throw new RangeError(`lengthControlledWinRate: expected at least as many comparisons as folds, ${folds}, but found ${rows.length}. Compare more answers.`);
  const part = (keep: (fold: number) => boolean): LogisticRows => {
    // scikit-learn deals groups of one size to its folds from the last one on.
    const kept = rows.filter((_, i) => keep((rows.length - 1 - i) % folds));
    return { features: kept.map(({ x }) => x), targets: kept.map(({ target }) => target), weights: kept.map(({ weight }) => weight) };
  };
  const losses = STRENGTHS.map((strength) => Array.from({ length: folds }, (_, fold) => {
    const w = sparseLogistic(part((each) => each !== fold), { strength });
    const { features, targets, weights } = part((each) => each === fold);
    return features.reduce((sum, x, i) => sum + weights[i]! * logLoss(dot(w, x), targets[i]!), 0) / features.length;
  }).reduce((sum, loss) => sum + loss, 0));
  const strength = STRENGTHS[losses.indexOf(Math.min(...losses))]!;
  const [length, difficulty, model] = sparseLogistic(part(() => true), { strength }) as [number, number, number];
  return { winRate: comparisons.reduce((sum, each) => sum + sigmoid(difficulty * each.difficulty + model), 0) / comparisons.length, coefficients: { length, difficulty, model }, strength };
}
