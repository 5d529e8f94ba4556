import { shown } from '../tokenizer-error.ts';

/** Throws unless there is a list of something. */
export function checkBatch(texts: unknown): void {
  if (!Array.isArray(texts)) throw new TypeError(`encodeBatch: expected an array of texts but found ${shown(texts)}. Pass [text] for one.`);
}

/** Throws unless `texts` are texts and pairs; what a pair holds is looked at where it is encoded. */
export function checkTexts(texts: readonly unknown[]): void {
  checkBatch(texts);
  const wrong = texts.findIndex((each) => typeof each !== 'string' && !Array.isArray(each));
  if (wrong >= 0) throw new TypeError(`encodeBatch: expected texts[${wrong}] to be a text or a pair of texts but found ${shown(texts[wrong])}. Leave out what has no text.`);
}
