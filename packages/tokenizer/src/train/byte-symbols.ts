import { byteLevelAlphabet, byteToChar } from '../byte-level.ts';
import type { WordCounts } from '../count-words.ts';
import type { SymbolWords } from '../learn-merges.ts';

/** The special tokens, then the 256 byte characters by code point. */
export function specialFirst(specialTokens: readonly string[]): string[] {
  return [...new Set([...specialTokens, ...byteLevelAlphabet])];
}

/** The 256 byte characters by the values of their bytes. */
export const bytesInOrder: readonly string[] = Array.from({ length: 256 }, (_, byte) => byteToChar(byte));

/** Words as rows of bytes, with the tokens that there are before any merge. */
export function byteSymbols({ words, counts }: WordCounts, tokens: readonly string[]): SymbolWords {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const byteIds = Int32Array.from({ length: 256 }, (_, byte) => ids.get(byteToChar(byte))!);
  const starts = words.offsets.slice(0, words.count);
  const sizes = starts.map((start, word) => words.offsets[word + 1]! - start);
  const symbols = new Int32Array(words.offsets[words.count]!);
  const arena = words.arena;
  for (let i = 0; i < symbols.length; i++) symbols[i] = byteIds[arena[i]!]!;
  return { tokens, symbols, starts, sizes, counts };
}
