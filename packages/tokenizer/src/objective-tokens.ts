/**
 * T5's sentinels, `<extra_id_99>` to `<extra_id_0>`, in the order in which they are added to a vocabulary: the first span is `<extra_id_0>`, and each
 * next one has the id before, as in T5's own files and as span corruption expects.
 *
 * Raffel et al. 2020, https://arxiv.org/abs/1910.10683
 *
 * @throws RangeError for a count that is no whole number.
 *
 * @example
 * ```ts
 * import { sentinelTokens, trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['low lower'], { vocabSize: 300, specialTokens: ['<pad>', '</s>', ...sentinelTokens(3)] });
 * const first = tokenizer.tokenToId('<extra_id_0>')!; // the sentinelId of spanCorruption in @llm/pretrain
 * if (tokenizer.tokenToId('<extra_id_1>') !== first - 1 || tokenizer.tokenToId('<extra_id_2>') !== first - 2) throw new Error('downwards');
 * ```
 */
export function sentinelTokens(count: number = 100): string[] {
  if (!(Number.isInteger(count) && count >= 0)) throw new RangeError(`sentinelTokens: expected a whole number of tokens but found ${String(count)}. T5 has 100.`);
  return Array.from({ length: count }, (_, i) => `<extra_id_${count - 1 - i}>`);
}

/**
 * The tokens that UL2 puts in front of a text, one for each kind of denoiser: few short spans, the rest of the text, long or many spans.
 *
 * Tay et al. 2022, https://arxiv.org/abs/2205.05131
 */
export const ul2Tokens: { readonly regular: string; readonly sequential: string; readonly extreme: string } = { regular: '[NLU]', sequential: '[S2S]', extreme: '[NLG]' };
