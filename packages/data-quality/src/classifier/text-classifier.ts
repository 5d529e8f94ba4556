import { fitLinear, type LinearTextModel, outputs, type TrainTextOptions } from './linear-text-model.ts';
import { decodeModel, encodeModel } from './model-bytes.ts';
import { textFeatures } from './text-features.ts';

/** Tells to which of its labels a text belongs. */
export interface TextClassifier {
  readonly labels: readonly string[];
  /** The probability of each label. */
  probabilities(text: string): Readonly<Record<string, number>>;
  /** For `readTextClassifier`. */
  encode(): Uint8Array;
}

/** An example of a label. */
export interface LabelledText {
  readonly text: string;
  readonly label: string;
}

function classifierOf(labels: readonly string[], model: LinearTextModel): TextClassifier {
  return {
    labels,
    probabilities: (text) => {
      const p = softmax(outputs(model, textFeatures(text, model)));
      return Object.fromEntries(labels.map((label, k) => [label, p[k]!]));
    },
    encode: () => encodeModel(model, { kind: 'classes', labels }),
  };
}

function softmax(z: Float64Array): Float64Array {
  const most = Math.max(...z);
  const powers = z.map((value) => Math.exp(value - most));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/**
 * A classifier of texts by their words, for whatever there are examples of: good and bad pages, safe and unsafe ones, subjects.
 * Multinomial logistic regression on hashed runs of words, loss -log softmax(z)[label], trained as `fastText` trains its linear
 * classifiers (Joulin et al. 2016) but with no hidden layer, by AdaGrad; a megabyte of text a second or more.
 *
 * Throws RangeError for fewer than two labels and for options out of range.
 *
 * @example
 * ```ts
 * import { trainTextClassifier } from '@llm/data-quality';
 * const examples = [{ text: 'a proof by induction on n', label: 'good' }, { text: 'click here to win', label: 'bad' }];
 * const { bad } = trainTextClassifier(examples).probabilities('click here');
 * console.assert(bad! > 0.5);
 * ```
 */
export function trainTextClassifier(examples: Iterable<LabelledText>, options: TrainTextOptions = {}): TextClassifier {
  const all = [...examples];
  const labels = [...new Set(all.map(({ label }) => label))].toSorted();
  if (labels.length < 2) throw new RangeError(`trainTextClassifier: expected examples of two labels or more but found ${labels.length === 0 ? 'none' : `only ${JSON.stringify(labels[0])}`}. Add texts of the other kind.`);
  const targets = all.map(({ label }) => labels.indexOf(label));
  const model = fitLinear(all.map(({ text }) => text), {
    ...options, caller: 'trainTextClassifier', outputCount: labels.length, slopes: (example, z) => softmax(z).map((p, k) => p - Number(k === targets[example])),
  });
  return classifierOf(labels, model);
}

/** The classifier that `encode` wrote. Throws DataError E_CLASSIFIER for other bytes. */
export function readTextClassifier(bytes: Uint8Array): TextClassifier {
  const { model, head } = decodeModel(bytes, 'classes');
  return classifierOf(head.labels, model);
}
