import type { Pieces } from './lattice.ts';

/** What a character without a piece has more than the one before it. */
const APART = 0.0001;

/**
 * Every character, and then the pieces in their order until there are `size`; the likeliest first. Characters that no piece is left of have the
 * lowest score, each a little more than the one before, by code point.
 */
export function choosePieces(pieces: Pieces, alphabet: ReadonlySet<string>, size: number): [string, number][] {
  const scores = new Map(pieces);
  const least = pieces.reduce((min, [, score]) => (score < min ? score : min), Infinity);
  const chosen = new Map<string, number>();
  let more = 0;
  for (const char of [...alphabet].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!)) {
    const known = scores.get(char);
    chosen.set(char, known ?? least + more);
    if (known === undefined) more += APART;
  }
  // What stands for unknown characters while training is no piece, nor is one that happens to be written like it.
  const [unknown] = pieces[0]!;
  for (const [piece, score] of pieces) {
    if (piece === unknown || chosen.has(piece)) continue;
    chosen.set(piece, score);
    if (chosen.size === size) break;
  }
  return [...chosen].sort((a, b) => b[1] - a[1]);
}
