/** A Llama-style shape by name. */
export interface SizePreset {
  readonly name: string;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly mlpWidth: number;
  /** Tokens per row. */
  readonly length: number;
  /** Rows per step. */
  readonly batch: number;
  readonly lr: number;
}

/** Sizes that train in minutes (tiny, small) or hours (medium) on a processor. */
export const SIZES: Readonly<Record<string, SizePreset>> = {
  nano: { name: 'nano', width: 64, layers: 2, heads: 2, kvHeads: 2, mlpWidth: 192, length: 64, batch: 4, lr: 5e-3 },
  tiny: { name: 'tiny', width: 128, layers: 4, heads: 4, kvHeads: 2, mlpWidth: 352, length: 128, batch: 4, lr: 5e-3 },
  small: { name: 'small', width: 192, layers: 3, heads: 6, kvHeads: 3, mlpWidth: 512, length: 128, batch: 4, lr: 5e-3 },
  medium: { name: 'medium', width: 384, layers: 6, heads: 6, kvHeads: 2, mlpWidth: 1024, length: 256, batch: 16, lr: 1.5e-3 },
};

/** What suits a text of so many characters: a large model only memorises a small one. */
export function sizesForText(characters: number): { vocabSize: number; size: SizePreset } {
  if (characters >= 1_500_000) return { vocabSize: 4096, size: SIZES.small! };
  if (characters >= 400_000) return { vocabSize: 2048, size: SIZES.tiny! };
  if (characters >= 100_000) return { vocabSize: 1024, size: SIZES.tiny! };
  return { vocabSize: 512, size: SIZES.nano! };
}

/** The config.json of a size, with a context of four rows so that generation can go on past one. */
export function configOf({ width, layers, heads, kvHeads, mlpWidth, length }: SizePreset, { vocabSize, endId }: { vocabSize: number; endId: number }): Record<string, unknown> {
  return {
    model_type: 'llama', vocab_size: vocabSize, hidden_size: width, intermediate_size: mlpWidth, num_hidden_layers: layers,
    num_attention_heads: heads, num_key_value_heads: kvHeads, max_position_embeddings: 4 * length, rms_norm_eps: 1e-5, rope_theta: 10_000,
    // With 0.02, made for widths of thousands, a narrow model needs several times the steps to begin to learn.
    tie_word_embeddings: true, initializer_range: Number((0.8 / Math.sqrt(width)).toPrecision(2)), bos_token_id: endId, eos_token_id: endId,
  };
}
