import type { LanguageOf } from '../ifeval/arguments.ts';

/**
 * A function that tells the language of a text, for IFEval's instructions that ask for one: the package `eld`, loaded when it is asked for (1 MB).
 *
 * It gives ISO 639-1 codes of 60 languages, undefined where it cannot tell. lm-evaluation-harness asks langdetect, which guesses at random and is at a
 * loss with capitals: on the 300 answers of our tests, mixtures on purpose, the two agree on 273, and on 279 whether it is English. eld knows no Nepali
 * and no Swahili, which IFEval asks for in places; langdetect says zh-cn and zh-tw where eld, and IFEval, say zh.
 *
 * In a page give `ifeval` a function of your own, such as `eld` from `eld/extrasmall`.
 *
 * @example
 * ```ts
 * import { ifeval } from '@llm/eval';
 * import { loadLanguage } from '@llm/eval/node';
 * const language = await loadLanguage();
 * const document = { instruction_id_list: ['language:response_language'], kwargs: [{ language: 'fr' }] };
 * if (!ifeval(document, 'Le vieux pont traverse la rivière.', { language }).strict[0]) throw new Error('it is French');
 * ```
 */
export async function loadLanguage(): Promise<LanguageOf> {
  const { eld } = await import('eld/extrasmall');
  return (text) => eld.detect(text.slice(0, MOST)).language || undefined;
}

/** langdetect reads no more of a text either. */
const MOST = 10_000;
