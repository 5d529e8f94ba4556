import type { Leaf, Seed, Tensor, Tree } from '@llm/tensor';
import type { KvCache } from './layers/kv-cache.ts';
import type { Parameter } from './layers/parameters.ts';
import type { ModelShape } from './model-shape.ts';

/** What goes into a model. */
export interface ModelInputs {
  /** int32 [batch, length]. */
  readonly ids: Tensor;
  /** int32 [batch, length]: the position of each token in its document; default 0, 1, 2, … (or after the cache). */
  readonly positions?: Tensor | undefined;
  /** int32 [batch, length]: the document of each token, where several are packed into a row. */
  readonly segments?: Tensor | undefined;
  /**
   * int32 [batch]: how many first tokens of each row all tokens of the row see, also those among them: a prefix language model, or the
   * Part A of GLM. Segments and sliding windows hold besides. Only causal models take it; default none.
   */
  readonly prefixes?: Tensor | undefined;
  /** int32 [batch, length]: the place of each token within its span, 0 outside of spans; only GLM takes it. Default all 0. */
  readonly blockPositions?: Tensor | undefined;
  /** int32 [batch, length]: which of two texts a token is from; only BERT and RoBERTa take it. Default all 0. */
  readonly tokenTypes?: Tensor | undefined;
  /** Keys and values of what came before; the new ones are added to it. Bidirectional models take none. */
  readonly cache?: KvCache | undefined;
}

export interface ApplyOptions {
  /** Keep only the input of each layer and run it again in the backward pass; default false. */
  readonly checkpointed?: boolean;
  /** Turns the dropout of the configuration on, with this seed, a number or in memory; default off. */
  readonly dropoutSeed?: Seed;
  /**
   * Receives the residual stream after each half of a block, [batch, length, width], by name: `model.layers.3.self_attn` and
   * `model.layers.3.mlp`, or `transformer.h.3.attn` and `transformer.h.3.mlp`. The last is what Hugging Face calls hidden_states[4].
   * A mixture of experts gives its router's logits too, `model.layers.3.mlp.gate` [batch · length, experts].
   */
  readonly capture?: (name: string, value: Tensor) => void;
  /**
   * Receives what the architecture wants added to the mean loss of this batch, a scalar already multiplied by its coefficient: the load
   * balance of a mixture of experts. Not called where there is nothing to add. It costs a little, so leave it out for inference.
   */
  readonly auxiliary?: (loss: Tensor) => void;
}

/** An architecture: plain functions over a parameter tree whose paths are the Hugging Face tensor names. */
export interface Model<Config = unknown> {
  readonly config: Config;
  readonly shape: ModelShape;
  /** Every tensor of the tree: its name, its shape and how it begins. */
  readonly parameters: readonly Parameter[];
  /** Random parameters, a function of the seed alone. */
  init(seed: number): Tree;
  /** The normalised states that the head reads: [batch, length, width]. */
  hidden(params: Tree, inputs: ModelInputs, options?: ApplyOptions): Tensor;
  /**
   * The matrix of the head, [vocabulary, width]: the embedding where they are tied. Where the architecture caps its logits (Gemma 2,
   * nanochat) a weight that does both.
   */
  head(params: Tree): Leaf;
  /** The bias of the head, [vocabulary]; only the masked language models (BERT, RoBERTa) have one. */
  headBias?(params: Tree): Tensor;
  /** Logits [batch, length, vocabulary]. */
  apply(params: Tree, inputs: ModelInputs, options?: ApplyOptions): Tensor;
}
