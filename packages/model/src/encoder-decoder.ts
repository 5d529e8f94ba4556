import type { Leaf, Tensor, Tree } from '@llm/tensor';
import type { CrossCache } from './layers/cross-cache.ts';
import type { Parameter } from './layers/parameters.ts';
import type { ApplyOptions } from './model.ts';
import type { EncoderDecoderShape } from './model-shape.ts';

/** What goes into the encoder. */
export interface EncoderInputs {
  /** int32 [batch, length]. */
  readonly ids: Tensor;
  /**
   * int32 [batch, length]: tokens see only those of their own number, and a token of the decoder reads those of its own. Texts packed
   * into a row so stay apart, and padding gets a number that nothing else has, such as −1. Default all 0.
   */
  readonly segments?: Tensor | undefined;
}

/** What the encoder gives: the decoder reads it. */
export interface Encoded {
  /** [batch, length, width], normalised. */
  readonly states: Tensor;
  /** As they went in. */
  readonly segments?: Tensor | undefined;
}

/** What goes into the decoder. */
export interface DecoderInputs {
  /** int32 [batch, length]: in training the targets moved right by one, behind `startId`. */
  readonly ids: Tensor;
  readonly encoded: Encoded;
  /** int32 [batch, length]: as those of the encoder; default all 0. */
  readonly segments?: Tensor | undefined;
  /** Keys and values of what came before and of the encoded text; the new ones are added to it. */
  readonly cache?: CrossCache | undefined;
}

/**
 * An architecture that reads one text and writes another: plain functions over a parameter tree whose paths are the Hugging Face
 * tensor names, as `Model` is for architectures with one stack.
 *
 *   logits = hidden(params, { ids, encoded: encode(params, inputs) }) · head(params)ᵀ
 */
export interface EncoderDecoder<Config = unknown> {
  readonly config: Config;
  readonly shape: EncoderDecoderShape;
  /** The id that the decoder begins with. */
  readonly startId: number;
  /** Every tensor of the tree: its name, its shape and how it begins. */
  readonly parameters: readonly Parameter[];
  /** Random parameters, a function of the seed alone. */
  init(seed: number): Tree;
  /** What the decoder reads of a text. */
  encode(params: Tree, inputs: EncoderInputs, options?: ApplyOptions): Encoded;
  /** The normalised states of the decoder that the head reads, scaled where the architecture scales them: [batch, length, width]. */
  hidden(params: Tree, inputs: DecoderInputs, options?: ApplyOptions): Tensor;
  /** The matrix of the head, [vocabulary, width]: the embedding where they are tied. */
  head(params: Tree): Leaf;
  /** Logits [batch, length, vocabulary] of the decoder's ids, given the encoder's. */
  apply(params: Tree, inputs: { readonly encoder: EncoderInputs; readonly decoder: Omit<DecoderInputs, 'encoded' | 'cache'> }, options?: ApplyOptions): Tensor;
}
