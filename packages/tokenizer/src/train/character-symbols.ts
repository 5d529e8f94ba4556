import type { SymbolWords } from '../learn-merges.ts';

export interface AlphabetOptions {
  readonly specialTokens: readonly string[];
  /** Characters that there are whether the text has them or not. */
  readonly initialAlphabet: readonly string[];
  /** Characters at most: the most frequent ones. */
  readonly limitAlphabet: number;
  /** What every character but the first of a word has in front, and the last one behind. */
  readonly prefix: string;
  readonly suffix: string;
}

/**
 * Words as rows of characters. The tokens are the special ones, the characters by code point, and then those with a prefix or suffix in
 * the order in which words bring them (the reference's order is that of a hash table with a random seed, another one in every process).
 * A character outside the alphabet is left out of its words.
 */
export function characterSymbols(words: ReadonlyMap<string, number>, { specialTokens, initialAlphabet, limitAlphabet, prefix, suffix }: AlphabetOptions): SymbolWords {
  const tokens = [...new Set([...specialTokens, ...alphabetOf(words, initialAlphabet, limitAlphabet)])];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const symbols: number[] = [];
  const starts = new Int32Array(words.size);
  const sizes = new Int32Array(words.size);
  let index = 0;
  for (const word of words.keys()) {
    starts[index] = symbols.length;
    for (let from = 0; from < word.length;) {
      const char = String.fromCodePoint(word.codePointAt(from)!);
      const to = from + char.length;
      if (ids.has(char)) {
        const symbol = (from === 0 ? '' : prefix) + char + (to === word.length ? suffix : '');
        let id = ids.get(symbol);
        if (id === undefined) {
          id = tokens.length;
          tokens.push(symbol);
          ids.set(symbol, id);
        }
        symbols.push(id);
      }
      from = to;
    }
    sizes[index] = symbols.length - starts[index]!;
    index++;
  }
  return { tokens, symbols: Int32Array.from(symbols), starts, sizes, counts: Float64Array.from(words.values()) };
}

/** The characters of the words by code point; of those that are too many the rarest are left out, of equals the one of the greater code point. */
function alphabetOf(words: ReadonlyMap<string, number>, initial: readonly string[], limit: number): string[] {
  const counts = new Map<number, number>();
  for (const [word, count] of words) for (const char of word) counts.set(char.codePointAt(0)!, (counts.get(char.codePointAt(0)!) ?? 0) + count);
  for (const char of initial) if (char !== '') counts.set(char.codePointAt(0)!, Infinity);
  const kept = [...counts].sort(([a, countA], [b, countB]) => (countA === countB ? a - b : countB > countA ? 1 : -1)).slice(0, limit);
  return kept.map(([code]) => code).sort((a, b) => a - b).map((code) => String.fromCodePoint(code));
}
