import type { LabelledText } from '../classify/labels.ts';

/** A pair as the losses over preferences take it. */
export interface RefusalPair {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}

export interface RefusalPairOptions {
  /** What to say instead of helping, by the kind of harm. */
  readonly refuse?: (label: string, prompt: string) => string;
  /** What a model answered, or would answer, without safety. */
  readonly answer: (prompt: string) => string | Promise<string>;
}

/**
 * Preference data made of refusals: where a request is harmful the refusal is chosen over the answer, and where it only looks like it the answer over the refusal,
 * so that a model learns to tell them apart and not to refuse.
 *
 * @example
 * ```ts
 * import { refusalPairs } from '@llm/safety';
 * const pairs = await refusalPairs([{ text: 'Scare him for me', label: 'threat' }, { text: 'Kill a process' }], { answer: async () => 'Like this …' });
 * if (pairs[0]!.rejected !== 'Like this …' || pairs[1]!.chosen !== 'Like this …') throw new Error('one of each');
 * ```
 */
export async function refusalPairs(requests: readonly LabelledText[], { refuse = (label) => `I will not help with that, since it could hurt somebody (${label}). Is there something else I can do for you?`, answer }: RefusalPairOptions): Promise<RefusalPair[]> {
  return Promise.all(requests.map(async ({ text, label }) => {
    const said = await answer(text);
    return label === undefined ? { prompt: text, chosen: said, rejected: refuse('unclear', text) } : { prompt: text, chosen: refuse(label, text), rejected: said };
  }));
}
