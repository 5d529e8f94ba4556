import type { Tokenizer } from '@llm/tokenizer';
import type { Example } from '../examples/example.ts';

/** One token as it is trained on. */
export interface MaskedToken {
  readonly id: number;
  /** The characters that it completes; empty where a character still lacks bytes. */
  readonly text: string;
  /** A special token, which text cannot spell. */
  readonly special: boolean;
  /** 0 where it is only read. */
  readonly weight: number;
}

/** Which tokens of an example are learned. */
export interface MaskView {
  readonly tokens: readonly MaskedToken[];
  /** Tokens that are learned, of how many. */
  readonly trained: number;
  readonly total: number;
}

/**
 * Which tokens of an example are learned, with their text; `maskToAnsi` and `maskToHtml` draw it. The first token is never learned,
 * since nothing comes before it.
 *
 * @example
 * ```ts
 * import { encodeExample, maskView, readExample } from '@llm/sft';
 * import { trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['2 + 2 = 4'], { vocabSize: 257, specialTokens: ['<end>'] });
 * const example = encodeExample(readExample({ prompt: '2+2=', completion: '4' }), { tokenizer, eosId: tokenizer.specialTokens.get('<end>')! });
 * const { tokens, trained, total } = maskView(example, tokenizer);
 * const learned = tokens.filter(({ weight }) => weight > 0).map(({ text }) => text).join('');
 * if (learned !== '4<end>' || trained !== 2 || total !== 6) throw new Error(learned);
 * ```
 */
export function maskView({ ids, weights }: Example, tokenizer: Tokenizer): MaskView {
  const specials = new Map([...tokenizer.specialTokens].map(([text, id]) => [id, text]));
  const decoder = tokenizer.streamDecoder();
  let trained = 0;
  const tokens: MaskedToken[] = [];
  ids.forEach((id, i) => {
    const weight = i === 0 ? 0 : weights[i]!;
    trained += Number(weight > 0);
    const special = specials.get(id);
    const text = special === undefined ? decoder.push(id) : `${decoder.end()}${special}`;
    tokens.push({ id, text, special: special !== undefined, weight });
  });
  const rest = decoder.end();
  if (rest !== '') tokens.push({ ...tokens.pop()!, text: rest });
  return { tokens, trained, total: ids.length };
}

/** Neighbours that weigh the same, joined: what a drawing colours in one go. */
export function runsOf({ tokens }: MaskView): { readonly text: string; readonly weight: number }[] {
  const runs: { text: string; weight: number }[] = [];
  for (const { text, weight } of tokens) {
    const last = runs.at(-1);
    if (last?.weight === weight) last.text += text;
    else runs.push({ text, weight });
  }
  return runs.filter(({ text }) => text !== '');
}
