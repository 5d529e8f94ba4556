import { shown } from '../tokenizer-error.ts';
import { inTheWay } from './in-the-way.ts';
import type { Piece } from './model-proto.ts';

/**
 * Scores with which SentencePiece merges as a list of merges does: less for a later merge.
 *
 * SentencePiece merges neighbours whose text is a piece, however it is divided. That is the same where each piece comes out whole when merges run
 * on its text alone: what happens within the stretch of a piece, as long as nothing reaches across its ends, is what happens there alone, so its
 * last two parts are always the same two.
 */
export function mergeScores(merges: readonly (readonly [string, string])[], normal: readonly Piece[]): Map<string, number> {
  const ranks = new Map<string, Map<string, number>>();
  merges.forEach(([left, right], rank) => {
    const rights = ranks.get(left);
    if (rights) rights.set(right, rank);
    else ranks.set(left, new Map([[right, rank]]));
  });
  const pieces = new Set(normal.map(({ piece }) => piece));
  const stranger = merges.find(([left, right]) => !pieces.has(left + right));
  if (stranger) throw inTheWay('merges that make no special tokens and no bytes', shown(stranger.join('')), 'SentencePiece never cuts a text into those');
  const last = new Map<string, number>();
  for (const piece of pieces) {
    const parts = Array.from(piece);
    if (parts.length > 1 && parts.some((char) => !pieces.has(char))) throw unreachable(piece);
    while (parts.length > 1) {
      let best: { at: number; rank: number } | undefined;
      for (let at = 1; at < parts.length; at++) {
        const rank = ranks.get(parts[at - 1]!)?.get(parts[at]!);
        if (rank !== undefined && rank < (best?.rank ?? Infinity)) best = { at, rank };
      }
      if (best === undefined) throw unreachable(piece);
      parts.splice(best.at - 1, 2, parts[best.at - 1]! + parts[best.at]!);
      last.set(piece, best.rank);
    }
  }
  // Single characters are no merges and come last.
  return new Map(normal.map(({ piece }) => [piece, -(last.get(piece) ?? merges.length)]));
}

function unreachable(piece: string): Error {
  return inTheWay('pieces that the merges make', shown(piece), 'SentencePiece would merge what adds up to it; leave it out');
}
