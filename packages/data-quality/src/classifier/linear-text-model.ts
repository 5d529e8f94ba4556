import { seededRandom } from '../mixing/seeded-random.ts';
import { textFeatures, type TextFeatures } from './text-features.ts';

export interface TrainTextOptions {
  /** Passes over the examples. Default 5. */
  readonly epochs?: number;
  /** Of AdaGrad. Default 0.5. */
  readonly learningRate?: number;
  /** Features are numbered by this many bits of a hash: 2^bits weights for each output. 8 to 24, default 18. */
  readonly bits?: number;
  /** Runs of up to so many words are features. Default 2. */
  readonly ngrams?: number;
  /** Of the order in which examples are learned from. Default 0. */
  readonly seed?: number;
}

/** A linear function of the hashed words of a text, one for each output. */
export interface LinearTextModel {
  readonly bits: number;
  readonly ngrams: number;
  readonly bias: Float32Array;
  /** Of output k the weights 2^bits · k to 2^bits · (k + 1). */
  readonly weights: Float32Array;
}

/** Where the sum of squared slopes begins, so that a first step is finite. */
const EPSILON = 1e-8;
/** 1 GiB of them. */
export const MAX_WEIGHTS: number = 2 ** 28;

/** z_k = bias_k + Σ w_k[id] · value, for every output k. */
export function outputs({ bits, bias, weights }: LinearTextModel, { ids, values }: TextFeatures): Float64Array {
  return Float64Array.from(bias, (start, k) => {
    let sum = start;
    for (let i = 0; i < ids.length; i++) sum += weights[(k << bits) + ids[i]!]! * values[i]!;
    return sum;
  });
}

/**
 * Fits linear outputs by stochastic gradient descent with AdaGrad (Duchi et al. 2011), an example at a time in a seeded order:
 *
 *   w ← w - rate · g / √(Σ g² + 1e-8),  g = slope_k · value,
 *
 * where `slopes` gives ∂loss/∂z of the example. The same examples and options give the same weights to the bit.
 */
export function fitLinear(
  texts: readonly string[],
  { caller, outputCount, slopes, epochs = 5, learningRate = 0.5, bits = 18, ngrams = 2, seed = 0 }: TrainTextOptions & { readonly caller: string; readonly outputCount: number; readonly slopes: (example: number, z: Float64Array) => ArrayLike<number> },
): LinearTextModel {
  if (!(Number.isInteger(bits) && bits >= 8 && bits <= 24)) throw new RangeError(`${caller}: expected bits from 8 to 24 but found ${bits}. 18 is enough for most.`);
  if (outputCount * 2 ** bits > MAX_WEIGHTS) throw new RangeError(`${caller}: expected at most ${MAX_WEIGHTS >> bits} labels at ${bits} bits but found ${outputCount}. Use fewer bits, or join labels.`);
  if (!(Number.isInteger(epochs) && epochs > 0 && learningRate > 0 && Number.isInteger(ngrams) && ngrams >= 1)) throw new RangeError(`${caller}: expected epochs, learningRate and ngrams above 0, the first and the last whole, but found ${epochs}, ${learningRate} and ${ngrams}. Leave them out for 5, 0.5 and 2.`);
  const model: LinearTextModel = { bits, ngrams, bias: new Float32Array(outputCount), weights: new Float32Array(outputCount << bits) };
  const squares = new Float32Array(outputCount << bits);
  const biasSquares = new Float32Array(outputCount);
  const features = texts.map((text) => textFeatures(text, { bits, ngrams }));
  const order = Uint32Array.from(texts, (_, i) => i);
  const below = seededRandom(seed);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    for (const example of order) {
      const { ids, values } = features[example]!;
      const slope = slopes(example, outputs(model, features[example]!));
      for (let k = 0; k < outputCount; k++) {
        const s = slope[k]!;
        biasSquares[k]! += s * s;
        model.bias[k]! -= learningRate * s / Math.sqrt(biasSquares[k]! + EPSILON);
        for (let i = 0; i < ids.length; i++) {
          const at = (k << bits) + ids[i]!;
          const g = s * values[i]!;
          squares[at]! += g * g;
          model.weights[at]! -= learningRate * g / Math.sqrt(squares[at]! + EPSILON);
        }
      }
    }
  }
  return model;
}
