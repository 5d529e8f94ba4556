/** What a run uses where nothing else is said: the values of TRL's SFTConfig, by our names. */
export interface SftDefaults {
  readonly learningRate: number;
  /** For adapters, which take about ten times as much. */
  readonly loraLearningRate: number;
  readonly warmupSteps: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  readonly epochs: number;
  /** Rows per micro-batch, and micro-batches per step. */
  readonly batch: number;
  readonly accumulate: number;
  readonly maxLength: number;
  readonly assistantOnlyLoss: boolean;
  readonly paddingFree: boolean;
  readonly checkpointed: boolean;
}

/**
 * The defaults of fine-tuning. Beside them: rows are padded and not packed, the learning rate falls in a line to 0, prompts of
 * prompt-completion data are not learned, and there is no noise on the embeddings.
 */
export const SFT_DEFAULTS: SftDefaults = {
  learningRate: 2e-5, loraLearningRate: 2e-4, warmupSteps: 0, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, clipNorm: 1, epochs: 3, batch: 8, accumulate: 1,
  maxLength: 1024, assistantOnlyLoss: false, paddingFree: false, checkpointed: true,
};
