import { createModel, type Model } from '@llm/model';
import { fitsTraining, type MemoryLimits } from '../train/check-memory.ts';
import { largestParameter } from '../train/largest-tensor.ts';

/** The largest models of one family that fit, in parameters; 0 where not even the smallest does. */
export interface LargestModel {
  readonly trained: number;
  readonly generating: number;
}

export interface LargestModelOptions {
  /** Rows of a step, and tokens in each; a model that generates keeps as many in its cache, of one row. */
  readonly batch: number;
  readonly length: number;
}

const VOCABULARY = 32_000;
const HEAD_WIDTH = 64;
/** Widths are so many heads at most: far more than any device holds. */
const MOST_HEADS = 256;

/**
 * The model of a Llama-style family with so many heads: 64 wide for each, and as many layers, as models of some hundred million
 * parameters have them. Its vocabulary of 32,000 is shared between its two ends.
 */
function member(heads: number, length: number): Model {
  const width = HEAD_WIDTH * heads;
  return createModel({
    model_type: 'llama', vocab_size: VOCABULARY, hidden_size: width, intermediate_size: HEAD_WIDTH * Math.round((8 * heads) / 3), num_hidden_layers: Math.max(2, heads),
    num_attention_heads: heads, num_key_value_heads: heads, max_position_embeddings: length, tie_word_embeddings: true,
  });
}

/** Weights in float32, and the keys and values of one row. */
function fitsGenerating({ parameters, shape }: Model, { length }: LargestModelOptions, { deviceBytes, tensorBytes }: MemoryLimits): boolean {
  const sizes = parameters.map(({ shape: of }) => 4 * of.reduce((a, b) => a * b, 1));
  const cache = 4 * 2 * shape.layers * shape.kvHeads * shape.headDim * length;
  return sizes.reduce((a, b) => a + b, 0) + cache <= deviceBytes && 4 * Math.max(largestParameter(parameters), shape.vocabSize) <= tensorBytes;
}

/** An estimate of the largest model that can be trained with AdamW, and of the largest that can generate, within the limits of a device. */
export function largestModel(limits: MemoryLimits, options: LargestModelOptions): LargestModel {
  const largest = (fits: (model: Model) => boolean): number => {
    let [least, most] = [0, MOST_HEADS];
    while (least < most) {
      const middle = Math.ceil((least + most) / 2);
      if (fits(member(middle, options.length))) least = middle;
      else most = middle - 1;
    }
    return least === 0 ? 0 : member(least, options.length).parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  };
  return { trained: largest((model) => fitsTraining(model, options, limits)), generating: largest((model) => fitsGenerating(model, options, limits)) };
}
