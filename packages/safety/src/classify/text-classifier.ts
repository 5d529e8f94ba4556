import { add, div, embed, logSoftmax, mul, neg, sum, type Tensor, tensor, type Tree, zeros } from '@llm/tensor';
import type { Classifier } from './assessment.ts';
import { hashedFeatures } from './hashed-features.ts';
import { assessmentOf, type LabelledText, targetsOf } from './labels.ts';

export interface TextClassifierOptions {
  /** Kinds of harm. */
  readonly labels: readonly string[];
  /** Rows of weights; default 32,768. */
  readonly buckets?: number;
}

/** Texts as `train` takes them. */
export interface TextBatch {
  readonly rows: number;
  readonly targetCount: number;
  /** [texts, longest]: buckets, the rest 0. */
  readonly ids: Int32Array;
  /** [texts, longest]: 1/√n for each of the n buckets of a text, the rest 0. */
  readonly factors: Float32Array;
  /** [texts, classes]: 1 where it belongs. */
  readonly targets: Float32Array;
}

/** A linear model over hashed words and pieces of words. */
export interface TextClassifier {
  init(): Tree;
  batch(examples: readonly LabelledText[]): TextBatch;
  /** The mean of −ln p(label), as `train` takes it. */
  loss(params: Tree, batch: TextBatch, context?: { readonly denominator?: number | Tensor }): Tensor;
  /** The function that these parameters make; it reads them once and needs no device afterwards. */
  classifier(params: Tree): Promise<Classifier>;
}

/**
 * A small classifier of texts that is trained in seconds: logistic regression over hashed features, harmless or one of the kinds of harm.
 *
 *   p = softmax(b + Σ_f W_f / √n),  W [buckets, 1 + labels]
 *
 * It knows words, not what is meant by them: measure it on requests that look alike (`measureClassifier`), and put `hiddenClassifier` or one of your own in its
 * place where that is not enough.
 *
 * @example
 * ```ts
 * import { textClassifier } from '@llm/safety';
 * import { useDevice } from '@llm/tensor';
 * import { adamw, train } from '@llm/train';
 * await useDevice();
 * const model = textClassifier({ labels: ['threat'], buckets: 1024 });
 * const params = model.init();
 * const batch = model.batch([{ text: 'I will hurt you', label: 'threat' }, { text: 'I will help you' }]);
 * for await (const _ of train({ params, loss: model.loss, batches: Array.from({ length: 40 }, () => batch), optimizer: adamw({ lr: 0.1 }) }));
 * const classify = await model.classifier(params);
 * if (!((await classify('I will hurt you')).harm > 0.8 && (await classify('I will help you')).harm < 0.2)) throw new Error('it has not learned');
 * ```
 */
export function textClassifier({ labels, buckets = 32_768 }: TextClassifierOptions): TextClassifier {
  const classes = labels.length + 1;
  if (classes < 2) throw new RangeError('textClassifier: expected at least one label but found none. Name the kinds of harm.');

  return {
    init: () => ({ weight: zeros([buckets, classes]), bias: zeros([classes]) }),
    batch(examples) {
      const features = examples.map(({ text }) => hashedFeatures(text, { buckets }));
      const longest = Math.max(1, ...features.map(({ length }) => length));
      const ids = new Int32Array(examples.length * longest);
      const factors = new Float32Array(ids.length);
      features.forEach((found, row) => {
        ids.set(found, row * longest);
        factors.fill(1 / Math.sqrt(found.length), row * longest, row * longest + found.length);
      });
      return { rows: examples.length, targetCount: examples.length, ids, factors, targets: targetsOf(examples, labels) };
    },
    loss(params, { rows: count, ids, factors, targets }, { denominator = count } = {}) {
      const { weight, bias } = params as { weight: Tensor; bias: Tensor };
      const longest = ids.length / count;
      const rows = embed(tensor(ids, [count, longest], 'int32'), weight);
      const logits = add(sum(mul(rows, tensor(factors, [count, longest, 1])), 1), bias);
      return neg(div(sum(mul(logSoftmax(logits), tensor(targets, [count, classes]))), denominator));
    },
    async classifier(params) {
      const { weight, bias } = params as { weight: Tensor; bias: Tensor };
      const [weights, biases] = (await Promise.all([weight.data(), bias.data()])).map((values) => Float32Array.from(values));
      return (text) => {
        const features = hashedFeatures(text, { buckets });
        const logits = Float64Array.from(biases!);
        for (const feature of features) for (let c = 0; c < classes; c++) logits[c]! += weights![feature * classes + c]! / Math.sqrt(features.length);
        return assessmentOf(logits, labels);
      };
    },
  };
}
