import { defaultSampler, generate, type Model } from '@llm/model';
import type { Tree } from '@llm/tensor';

export interface MeasureDecodeOptions {
  /** What is continued; all at once. Default one text of one token, id 0. */
  readonly prompts?: readonly ArrayLike<number>[];
  /** Tokens of each; default 64. */
  readonly tokens?: number;
  /** Runs, of which the fastest counts: others were disturbed. Default 3. */
  readonly rounds?: number;
}

/**
 * Tokens a second that a model writes on the device in use, after a first run that warms up; greedily, whatever it says, to the full length.
 *
 * @example
 * ```ts
 * import { measureDecode } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * if (!(await measureDecode(model, model.init(0), { tokens: 4, rounds: 1 }) > 0)) throw new Error('some tokens');
 * ```
 */
export async function measureDecode(model: Model, params: Tree, { prompts = [[0]], tokens = 64, rounds = 3 }: MeasureDecodeOptions = {}): Promise<number> {
  const run = async (): Promise<number> => {
    const started = performance.now();
    let made = 0;
    for await (const _ of generate(model, params, prompts, { maxTokens: tokens, eosIds: [], sampler: defaultSampler({ temperature: 0, topK: 0, topP: 1, minP: 0 }) })) made++;
    return made / ((performance.now() - started) / 1000);
  };
  await run();
  let best = 0;
  for (let round = 0; round < rounds; round++) best = Math.max(best, await run());
  return best;
}
