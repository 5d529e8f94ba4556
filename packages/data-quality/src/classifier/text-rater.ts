import { fitLinear, type LinearTextModel, outputs, type TrainTextOptions } from './linear-text-model.ts';
import { decodeModel, encodeModel } from './model-bytes.ts';
import { textFeatures } from './text-features.ts';

/** Gives texts a number. */
export interface TextRater {
  rate(text: string): number;
  /** For `readTextRater`. */
  encode(): Uint8Array;
}

/** An example of a rating. */
export interface RatedText {
  readonly text: string;
  readonly rating: number;
}

function raterOf(model: LinearTextModel): TextRater {
  return { rate: (text) => outputs(model, textFeatures(text, model))[0]!, encode: () => encodeModel(model, { kind: 'number', labels: [] }) };
}

/**
 * A rater of texts by their words, such as the educational value from 0 to 5 that a large model gave to some pages (FineWeb-Edu,
 * Penedo et al. 2024, keeps 3 and more). Linear regression on hashed runs of words, loss ½ (z - rating)², by AdaGrad.
 *
 * Throws RangeError for no examples, ratings that are no numbers, and options out of range.
 *
 * @example
 * ```ts
 * import { trainTextRater } from '@llm/data-quality';
 * const examples = [{ text: 'photosynthesis turns light into sugar', rating: 5 }, { text: 'win a phone now', rating: 0 }];
 * const rater = trainTextRater(examples, { epochs: 50 });
 * console.assert(rater.rate('how photosynthesis turns light') > 3);
 * ```
 */
export function trainTextRater(examples: Iterable<RatedText>, options: TrainTextOptions = {}): TextRater {
  const all = [...examples];
  const bad = all.find(({ rating }) => !Number.isFinite(rating));
  if (all.length === 0 || bad !== undefined) throw new RangeError(`trainTextRater: expected examples with finite ratings but found ${bad === undefined ? 'none' : bad.rating}. Give each text a number.`);
  return raterOf(fitLinear(all.map(({ text }) => text), { ...options, caller: 'trainTextRater', outputCount: 1, slopes: (example, z) => [z[0]! - all[example]!.rating] }));
}

/** The rater that `encode` wrote. Throws DataError E_CLASSIFIER for other bytes. */
export function readTextRater(bytes: Uint8Array): TextRater {
  return raterOf(decodeModel(bytes, 'number').model);
}
