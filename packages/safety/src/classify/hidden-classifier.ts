import { hiddenOf, type Model, type TokenBatch } from '@llm/model';
import { add, div, linear, logSoftmax, mul, neg, randomNormal, scope, sum, type Tensor, tensor, type Tree, zeros } from '@llm/tensor';
import type { Classifier } from './assessment.ts';
import { assessmentOf, type LabelledText, targetsOf } from './labels.ts';

export interface HiddenClassifierOptions {
  /** Kinds of harm. */
  readonly labels: readonly string[];
  /** Ids of a text. */
  readonly encode: (text: string) => ArrayLike<number>;
  /** Tokens of a text at most, its last ones; default the context of the model. */
  readonly maxTokens?: number;
}

/** Rows of tokens with what they are. */
export interface HiddenBatch extends TokenBatch {
  readonly targetCount: number;
  /** [rows, length]: 1/n for each of the n tokens of a row, the rest 0. */
  readonly factors: Float32Array;
  /** [rows, classes]. */
  readonly targets: Float32Array;
}

/** A head over the states of a language model. */
export interface HiddenClassifier {
  /** The tree of the head beside the model's own, which is shared. */
  init(body: Tree, options: { readonly seed: number }): { body: Tree; head: Tree };
  batch(examples: readonly LabelledText[]): HiddenBatch;
  /** The mean of −ln p(label). Train the head alone with `trainable: (path) => path.startsWith('head.')`. */
  loss(params: Tree, batch: HiddenBatch, context?: { readonly denominator?: number | Tensor }): Tensor;
  classifier(params: Tree): Classifier;
}

/**
 * A classifier over the states of a model that is there anyway: a linear head on the mean of its last states.
 *
 *   p = softmax(W · mean_t h_t + b),  W [1 + labels, width]
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { hiddenClassifier } from '@llm/safety';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 128, n_positions: 32, n_embd: 8, n_head: 2, n_layer: 1 });
 * const probe = hiddenClassifier(model, { labels: ['threat'], encode: (text) => [...text].map((letter) => letter.charCodeAt(0)) });
 * const { harm } = await probe.classifier(probe.init(model.init(0), { seed: 1 }))('hello');
 * if (!(harm > 0 && harm < 1)) throw new Error('a probability');
 * ```
 *
 * Alain and Bengio 2016, https://arxiv.org/abs/1610.01644
 */
export function hiddenClassifier(model: Model, { labels, encode, maxTokens = model.shape.maxPositions }: HiddenClassifierOptions): HiddenClassifier {
  const classes = labels.length + 1;
  const { width } = model.shape;

  function batch(examples: readonly LabelledText[]): HiddenBatch {
    const rows = examples.map(({ text }) => Array.from(encode(text)).slice(-maxTokens));
    const length = Math.max(1, ...rows.map((ids) => ids.length));
    const flat = (each: (ids: number[], i: number) => number): Int32Array => Int32Array.from(rows.flatMap((ids) => Array.from({ length }, (_, i) => each(ids, i))));
    return {
      rows: rows.length, length, targetCount: rows.length, packed: false, restarts: false, targets: targetsOf(examples, labels),
      ids: flat((ids, i) => ids[i] ?? 0), positions: flat((_, i) => i), segments: flat((ids, i) => Number(i >= ids.length)),
      factors: Float32Array.from(rows.flatMap((ids) => Array.from({ length }, (_, i) => (i < ids.length ? 1 / ids.length : 0)))),
    };
  }

  function logitsOf(params: Tree, rows: HiddenBatch): Tensor {
    const { body, head } = params as { body: Tree; head: { weight: Tensor; bias: Tensor } };
    const states = mul(hiddenOf(model, body, rows), tensor(rows.factors, [rows.rows, rows.length, 1]));
    return add(linear(sum(states, 1), head.weight), head.bias);
  }

  return {
    batch,
    init: (body, { seed }) => ({ body, head: { weight: randomNormal([classes, width], { std: 0.02, seed, stream: 'head.weight' }), bias: zeros([classes]) } }),
    loss: (params, rows, { denominator = rows.rows } = {}) => neg(div(sum(mul(logSoftmax(logitsOf(params, rows)), tensor(rows.targets, [rows.rows, classes]))), denominator)),
    classifier: (params) => async (text) => {
      const logits = scope(() => logitsOf(params, batch([{ text }])));
      const values = await logits.data();
      logits.dispose();
      return assessmentOf(values, labels);
    },
  };
}
