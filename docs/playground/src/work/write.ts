import { defaultSampler, generate, type Sampler } from '@llm/model';
import type { Report, WrittenToken } from '../protocol.ts';
import { END_OF_TEXT } from './prepare.ts';
import type { Session } from './session.ts';

const TOP = 5;

export interface WriteOptions {
  readonly prompt: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onToken: (token: WrittenToken) => void;
}

/** Continues a prompt and tells of each token how likely the model found it, and what else. */
export async function write({ prepared: { model, tokenizer, endId }, params }: Session, options: WriteOptions): Promise<Omit<Extract<Report, { type: 'written' }>, 'type'>> {
  const { prompt, maxTokens, temperature, seed, signal, onToken } = options;
  const encoded = [endId, ...tokenizer.encode(prompt)];
  // Room for at least a few new tokens, or a long prompt would end before it began.
  const { maxPositions } = model.shape;
  const room = Math.max(1, maxPositions - Math.min(maxTokens, Math.ceil(maxPositions / 4)));
  const dropped = Math.max(0, encoded.length - room);
  const decoder = tokenizer.streamDecoder();
  const own = (id: number): string => (id === endId ? END_OF_TEXT : tokenizer.decode([id]));
  const chain = defaultSampler({ temperature });
  let logits = new Float32Array(0);
  // The chain's first candidates are all tokens in turn, with the logits of the model itself.
  const watching: Sampler = (list, context) => {
    logits = Float32Array.from(list.logits);
    return chain(list, context);
  };
  let reason: Extract<Report, { type: 'written' }>['reason'] = 'stopped';
  for await (const token of generate(model, params, [encoded.slice(dropped)], { maxTokens, sampler: watching, seed, signal, eosIds: [endId] })) {
    const logSum = logSumExp(logits);
    const top = likeliest(logits, TOP).map((id) => ({ text: own(id), logprob: logits[id]! - logSum }));
    onToken({ id: token.id, text: token.id === endId ? '' : decoder.push(token.id), own: own(token.id), logprob: logits[token.id]! - logSum, top });
    if (token.reason !== undefined && token.reason !== 'stop') reason = token.reason;
  }
  return { reason, dropped };
}

function logSumExp(logits: Float32Array): number {
  let most = -Infinity;
  for (const logit of logits) if (logit > most) most = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - most);
  return most + Math.log(sum);
}

/** The places of the largest few, the largest first. */
function likeliest(logits: Float32Array, count: number): number[] {
  const best: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    if (best.length === count && logits[id]! <= logits[best.at(-1)!]!) continue;
    let at = best.length;
    while (at > 0 && logits[best[at - 1]!]! < logits[id]!) at--;
    best.splice(at, 0, id);
    best.length = Math.min(best.length, count);
  }
  return best;
}

/** A short sample, the same draw each time, so that samples of different steps compare. */
export async function sample({ prepared: { model, tokenizer, endId }, params, record: { samplePrompt } }: Session, { signal }: { signal: AbortSignal }): Promise<string> {
  const ids: number[] = [];
  const prompt = [endId, ...tokenizer.encode(samplePrompt)].slice(0, model.shape.maxPositions - 1);
  for await (const { id } of generate(model, params, [prompt], { maxTokens: 70, sampler: defaultSampler({ temperature: 0.7 }), seed: 1, signal, eosIds: [endId] })) ids.push(id);
  return tokenizer.decode(ids, { skipSpecial: true });
}
