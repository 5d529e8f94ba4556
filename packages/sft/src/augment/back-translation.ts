import type { Propose } from './augment.ts';
import { type GenerateText, rewritePrompt } from './rewrite-prompt.ts';

export interface BackTranslationOptions {
  /** The language that what is asked is translated to, and the one that it is in; default English. */
  readonly through: string;
  readonly language?: string;
}

/**
 * Proposes each example with what is asked translated to another language and back.
 *
 * Sennrich et al. 2016, https://arxiv.org/abs/1511.06709
 */
export function backTranslation(generate: GenerateText, { through, language = 'English' }: BackTranslationOptions): Propose {
  const translate = (text: string, to: string, seed: number): Promise<string> => generate(`Translate the text below to ${to}. Answer with the translation alone.\n\n${text}`, { seed });
  return (example, { seed }) => rewritePrompt(example, async (text) => translate(await translate(text, through, seed), language, seed));
}
