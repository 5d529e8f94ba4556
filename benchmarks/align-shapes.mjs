import { philox } from '@llm/kernels';

/**
 * The model of all rows: a Llama of 10.5 M parameters, 8 layers of width 320 in 5 heads of 64, a gated MLP of 768, 4,096 tokens,
 * embedding and head tied. As config.json would give it, so that transformers builds the same.
 */
export const LLAMA = {
  model_type: 'llama', vocab_size: 4096, hidden_size: 320, intermediate_size: 768, num_hidden_layers: 8, num_attention_heads: 5,
  num_key_value_heads: 5, max_position_embeddings: 1024, tie_word_embeddings: true, rms_norm_eps: 1e-5, initializer_range: 0.02,
};

/** LoRA as PEFT has it for Llama when nothing is said: rank 8 on queries and values. */
export const ADAPTER = { rank: 8, alpha: 16, targets: ['q_proj', 'v_proj'] };

/** A stream of draws that is the same in every run. */
export function draws(seed) {
  const { uniform } = philox(seed, 0);
  const whole = (least, most) => least + Math.floor(uniform() * (most - least + 1));
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { whole, normal, ids: (length) => Array.from({ length }, () => whole(3, LLAMA.vocab_size - 1)) };
}

/** Prompts of 128 to 256 tokens, 192 in the middle. */
export const promptOf = ({ ids, whole }) => ids(whole(128, 256));

/** Completions of 32 to 96 tokens, 64 in the middle, the last of which ends them. */
export const completionOf = ({ ids, whole }) => [...ids(whole(31, 95)), 2];
