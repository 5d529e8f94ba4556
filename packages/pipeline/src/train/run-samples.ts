import { defaultSampler, generate, type Model } from '@llm/model';
import type { Tree } from '@llm/tensor';
import type { Tokenizer } from '@llm/tokenizer';
import type { RunSettings } from '../run/run-record.ts';
import { withText } from './with-text.ts';

export interface Sample {
  readonly prompt: string;
  readonly text: string;
}

/** Continues the fixed prompts of a run, always with the same seed, so that samples of different steps compare. */
export async function runSamples(
  { model, params, tokenizer, bosId }: { model: Model; params: Tree; tokenizer: Tokenizer; bosId: number },
  { prompts, maxTokens, temperature }: RunSettings['samples'],
): Promise<Sample[]> {
  if (maxTokens === 0 || prompts.length === 0) return [];
  const ids = prompts.map((prompt) => [bosId, ...tokenizer.encode(prompt)]);
  const made = prompts.map((): number[] => []);
  const sampler = withText(defaultSampler({ temperature, repeatPenalty: 1.1 }), { size: tokenizer.size, vocabSize: model.shape.vocabSize });
  for await (const { row, id } of generate(model, params, ids, { maxTokens, sampler, seed: 0 })) made[row]!.push(id);
  return prompts.map((prompt, i) => ({ prompt, text: tokenizer.decode(made[i]!, { skipSpecial: true }) }));
}
