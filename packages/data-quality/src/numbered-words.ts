import { createVocabulary, numberOf, type Vocabulary } from './vocabulary.ts';

/** A text as numbers into a vocabulary: `ids[0 … count)`. Valid until the next text is numbered. */
export interface NumberedWords {
  readonly vocabulary: Vocabulary;
  readonly ids: Int32Array;
  readonly count: number;
  /** UTF-16 units of the words one after another, and at least JOINED_PADDING more of no meaning. */
  readonly joined: Uint16Array;
}

/** A vocabulary is thrown away between two texts once it holds so many words, or so many units; most of a larger one would not come again. */
const MOST_WORDS = 1 << 18;
const MOST_UNITS = 1 << 22;

/** Whether a vocabulary has grown so much that the next text should start another. */
export function isFull({ texts, units }: Vocabulary): boolean {
  return texts.length > MOST_WORDS || units > MOST_UNITS;
}

/** So that reading a few units from any word on never runs over the end. */
export const JOINED_PADDING = 16;

let own: Vocabulary | undefined;

/** Numbers words that are strings already. */
export function numberWords(words: readonly string[]): NumberedWords {
  if (!own || isFull(own)) own = createVocabulary();
  const vocabulary = own;
  const joined = new Uint16Array(words.reduce((sum, word) => sum + word.length, JOINED_PADDING));
  let at = 0;
  const ids = Int32Array.from(words, (word) => {
    for (let i = 0; i < word.length; i++) joined[at++] = word.charCodeAt(i);
    return numberOf(vocabulary, word);
  });
  return { vocabulary, ids, count: words.length, joined };
}
