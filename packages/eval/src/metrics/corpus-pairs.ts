/** A reference, or several, and what was generated; as tasks give them. */
export type CorpusItem = readonly [reference: string | readonly string[], prediction: string | readonly string[]];

/** References and prediction as texts. */
export function pairOf(item: unknown): { references: readonly string[]; prediction: string } {
  const [reference, prediction] = item as CorpusItem;
  return { references: typeof reference === 'string' ? [reference] : reference, prediction: typeof prediction === 'string' ? prediction : prediction[0] ?? '' };
}

/** How often each of these occurs. */
export function counted(grams: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  return counts;
}

/** `text.split()` of Python. */
export function wordsIn(text: string): string[] {
  return text.split(/[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/).filter((word) => word !== '');
}

/** Element by element, the sums of lists of numbers. */
export function summed(lists: readonly (readonly number[])[]): number[] {
  return lists.reduce<number[]>((total, list) => list.map((value, i) => value + (total[i] ?? 0)), []);
}
