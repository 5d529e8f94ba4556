import { shown } from '../tokenizer-error.ts';

/** Throws unless `texts` are a list of texts and pairs; what a pair holds is looked at where it is encoded. */
export function checkTexts(texts: unknown): void {
  if (!Array.isArray(texts)) throw new TypeError(`encodeBatch: expected an array of texts but found ${shown(texts)}. Pass [text] for one.`);
  const wrong = texts.findIndex((each) => typeof each !== 'string' && !Array.isArray(each));
  if (wrong >= 0) throw new TypeError(`encodeBatch: expected texts[${wrong}] to be a text or a pair of texts but found ${shown(texts[wrong])}. Leave out what has no text.`);
}
