import { defaultSampler, generate, type EndReason } from '@llm/model';
import type { OpenModel } from '../train/open-model.ts';
import { withText } from '../train/with-text.ts';

export interface SamplingOptions {
  readonly 'max-tokens': number;
  readonly temperature: number;
  readonly 'top-k': number;
  readonly 'top-p': number;
  readonly 'min-p': number;
  readonly 'repeat-penalty': number;
  readonly seed: number;
}

export interface Completion {
  readonly text: string;
  readonly tokens: number;
  readonly reason: EndReason | 'stopped';
  /** Tokens at the beginning of the prompt that did not fit the context. */
  readonly dropped: number;
}

/** Continues a text, or ids as they are, giving each piece to `onText` as soon as its characters are whole. */
export async function complete(
  { model, params, tokenizer, bosId }: OpenModel, prompt: string | ArrayLike<number>, options: SamplingOptions & { readonly signal: AbortSignal; readonly onText: (text: string) => void },
): Promise<Completion> {
  const { 'max-tokens': wanted, temperature, 'top-k': topK, 'top-p': topP, 'min-p': minP, 'repeat-penalty': repeatPenalty, seed, signal, onText } = options;
  const encoded = typeof prompt === 'string' ? [...(bosId === undefined ? [] : [bosId]), ...tokenizer.encode(prompt)] : Array.from(prompt);
  // Room for at least a few new tokens, or a long prompt would end before it began.
  const room = Math.max(1, model.shape.maxPositions - Math.min(wanted, Math.ceil(model.shape.maxPositions / 4)));
  const dropped = Math.max(0, encoded.length - room);
  const ids = encoded.length === 0 ? [...tokenizer.encode('\n')] : encoded.slice(dropped);
  const sampler = withText(defaultSampler({ temperature, topK: topK === 0 ? model.shape.vocabSize : topK, topP, minP, repeatPenalty }), { size: tokenizer.size, vocabSize: model.shape.vocabSize });
  const decoder = tokenizer.streamDecoder({ skipSpecial: true });
  let text = '';
  let tokens = 0;
  let reason: Completion['reason'] = 'stopped';
  const give = (piece: string): void => {
    text += piece;
    if (piece !== '') onText(piece);
  };
  for await (const token of generate(model, params, [ids], { maxTokens: wanted, sampler, seed, signal })) {
    tokens++;
    give(decoder.push(token.id));
    reason = token.reason ?? reason;
  }
  give(decoder.end());
  return { text, tokens, reason, dropped };
}
