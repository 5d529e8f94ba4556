import type { Propose } from './augment.ts';
import { type GenerateText, rewritePrompt } from './rewrite-prompt.ts';

/** Proposes each example with what is asked in other words. */
export function paraphrase(generate: GenerateText): Propose {
  return (example, { seed }) => rewritePrompt(example, (text) => generate(
    `Put the request below in other words. Keep its meaning, and every number, name and piece of code. Answer with the request alone.\n\n${text}`, { seed },
  ));
}
