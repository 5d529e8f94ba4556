import { type Aggregation, aggregation } from './aggregation.ts';
import { counted, pairOf, summed, wordsIn } from './corpus-pairs.ts';

const CHARACTERS = 6;
const BETA_SQUARED = 4;
const PUNCTUATION = new Set('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~');

/** Words with punctuation at their end, or else at their start, apart. */
function partedWords(text: string): string[] {
  return wordsIn(text).flatMap((word) => {
    const letters = Array.from(word);
    if (letters.length === 1) return [word];
    if (PUNCTUATION.has(letters.at(-1)!)) return [letters.slice(0, -1).join(''), letters.at(-1)!];
    return PUNCTUATION.has(letters[0]!) ? [letters[0]!, letters.slice(1).join('')] : [word];
  });
}

function* grams(items: readonly string[], order: number, separator: string): Generator<string> {
  for (let i = 0; i + order <= items.length; i++) yield items.slice(i, i + order).join(separator);
}

function* characterGrams(text: string, order: number): Generator<string> {
  const letters = Array.from(text);
  if (letters.length < text.length) yield* grams(letters, order, '');
  else for (let i = 0; i + order <= text.length; i++) yield text.slice(i, i + order);
}

/** Counts of n-grams: of characters without whitespace up to six, then of words. */
function countsOf(text: string, words: number): Map<string, number>[] {
  const letters = wordsIn(text).join('');
  const parts = words > 0 ? partedWords(text) : [];
  return [
    ...Array.from({ length: CHARACTERS }, (_, i) => counted(characterGrams(letters, i + 1))),
    ...Array.from({ length: words }, (_, i) => counted(grams(parts, i + 1, ' '))),
  ];
}

/** The F-score of [n-grams of the prediction, of the reference, shared] for each order. */
function fScore(statistics: readonly number[]): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (let i = 0; i < statistics.length; i += 3) {
    const [predicted = 0, reference = 0, shared = 0] = statistics.slice(i, i + 3);
    if (predicted === 0 || reference === 0) continue;
    precision += shared / predicted;
    recall += shared / reference;
    orders++;
  }
  if (precision + recall === 0) return 0;
  return (100 * (1 + BETA_SQUARED) * precision * recall) / (BETA_SQUARED * precision + recall) / orders;
}

function statistics(item: unknown, words: number): number[] {
  const { references, prediction } = pairOf(item);
  const own = countsOf(prediction, words);
  const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, count) => sum + count, 0);
  let best: number[] = [];
  let most = -1;
  for (const reference of references) {
    const found = countsOf(reference, words).flatMap((other, order) => {
      const mine = own[order]!;
      const shared = [...mine].reduce((sum, [gram, count]) => sum + Math.min(count, other.get(gram) ?? 0), 0);
      return [other.size > 0 ? total(mine) : 0, total(other), shared];
    });
    const score = fScore(found);
    if (score > most) [most, best] = [score, found];
  }
  return best;
}

const chrfOf = (name: string, words: number): Aggregation => aggregation<readonly number[]>(name, (items) => fScore(summed(items)), {
  stderr: 'bootstrap', prepare: (items) => items.map((item) => statistics(item, words)),
});

/**
 * chrF of a corpus as sacrebleu gives it by default, 0 to 100: the F-score with β = 2 of mean precision and recall of n-grams of one to
 * six characters, whitespace left out. Popović 2015, https://aclanthology.org/W15-3049
 */
export const chrf: Aggregation = chrfOf('chrf', 0);

/** chrF++: the same with n-grams of one and two words. Popović 2017, https://aclanthology.org/W17-4770 */
export const chrfPlusPlus: Aggregation = chrfOf('chrf++', 2);
