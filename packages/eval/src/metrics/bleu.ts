import { stripEnd } from '../python/text.ts';
import { type Aggregation, aggregation } from './aggregation.ts';
import { counted, pairOf, summed, wordsIn } from './corpus-pairs.ts';

const ORDERS = [1, 2, 3, 4];

/** The words of a text by the rules of mteval-v13a. */
function tokenized(text: string): string[] {
  const joined = stripEnd(text).replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ');
  const plain = joined.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
  const parted = ` ${plain} `.replace(/[{-~[-` -&(-+:-@/]/g, ' $& ').replace(/([^0-9])([.,])/gu, '$1 $2 ').replace(/([.,])([^0-9])/gu, ' $1 $2').replace(/([0-9])(-)/g, '$1 $2 ');
  return wordsIn(parted);
}

function* grams(words: readonly string[], order: number): Generator<string> {
  for (let i = 0; i + order <= words.length; i++) yield words.slice(i, i + order).join(' ');
}

/** [words of the prediction, of the closest reference, matches by order, n-grams by order]. */
function statistics(item: unknown): number[] {
  const { references, prediction } = pairOf(item);
  const words = tokenized(prediction);
  const others = references.map(tokenized);
  const closest = others.map(({ length }) => length).sort((a, b) => Math.abs(a - words.length) - Math.abs(b - words.length) || a - b)[0] ?? 0;
  const matches = ORDERS.map((order) => {
    const allowed = new Map<string, number>();
    for (const other of others) for (const [gram, count] of counted(grams(other, order))) allowed.set(gram, Math.max(count, allowed.get(gram) ?? 0));
    let matched = 0;
    for (const [gram, count] of counted(grams(words, order))) matched += Math.min(count, allowed.get(gram) ?? 0);
    return matched;
  });
  return [words.length, closest, ...matches, ...ORDERS.map((order) => Math.max(0, words.length - order + 1))];
}

/**
 * BLEU of a corpus as sacrebleu gives it by default, 0 to 100: words by 13a, up to four in a row, orders without a match counted as half
 * a match, a quarter, and so on.
 *
 *   100 · min(1, exp(1 − r/c)) · (Π_n matches_n / total_n)^¼
 *
 * Papineni et al. 2002, https://aclanthology.org/P02-1040; Post 2018, https://arxiv.org/abs/1804.08771
 */
export const bleu: Aggregation = aggregation<readonly number[]>('bleu', (items) => {
  const [length = 0, reference = 0, ...counts] = summed(items);
  const [matches, totals] = [counts.slice(0, ORDERS.length), counts.slice(ORDERS.length)];
  // Without any match, or any n-gram of some order, nothing is left to smooth.
  if (matches.every((count) => count === 0) || totals.some((count) => count === 0)) return 0;
  let smoothing = 1;
  const logs = matches.map((count, i) => Math.log(100 * (count === 0 ? 1 / (smoothing *= 2) : count) / totals[i]!));
  const brevity = length < reference ? Math.exp(1 - reference / length) : 1;
  return brevity * Math.exp(logs.reduce((total, log) => total + log, 0) / ORDERS.length);
}, { stderr: 'bootstrap', prepare: (items) => items.map(statistics) });
