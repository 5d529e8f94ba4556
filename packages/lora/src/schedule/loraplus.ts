/**
 * LoRA+: B learns `ratio` times as fast as A, since B begins at zero and A does not. A factor on the learning rate by path, for
 * `adamw({ lrScale })`.
 *
 *   η_B = ratio · η_A,  ratio 16 by default
 *
 * `embedding` is the factor for adapters over embeddings; default 1. PEFT gives those a learning rate of their own, 10⁻⁶: that
 * is `embedding: 1e-6 / lr`. Magnitudes and vectors count as B, as in PEFT. Hayou et al. 2024, https://arxiv.org/abs/2402.12354
 *
 * @example
 * ```ts
 * import { loraPlus } from '@llm/lora';
 * import { adamw } from '@llm/train';
 * adamw({ lr: 1e-4, lrScale: loraPlus({ ratio: 16 }) });
 * if (loraPlus()('model.layers.0.self_attn.q_proj.weight.lora_B') !== 16) throw new Error('faster');
 * ```
 */
export function loraPlus({ ratio = 16, embedding = 1 }: { ratio?: number; embedding?: number } = {}): (path: string) => number {
  if (!(ratio > 0 && ratio < Infinity)) throw new RangeError(`loraPlus: expected a ratio above 0 but found ${ratio}. Usual ones lie between 2 and 32.`);
  return (path) => {
    if (/\.lora_embedding_[AB]$/.test(path)) return embedding;
    return /\.(?:lora_B|lora_magnitude_vector|bias)$/.test(path) ? ratio : 1;
  };
}
