import { sizeAt } from '../aligned/aligned-text.ts';
import { noUnknown, type Tokens, type TokenModel } from './model.ts';

/**
 * The longest token that a word begins with, then the longest that goes on from there. A word that cannot be covered so, or is too long, is
 * unknown as a whole.
 *
 * Wu et al. 2016, https://arxiv.org/abs/1609.08144
 */
export function wordPiece(
  ids: ReadonlyMap<string, number>, { unknown, prefix, maxChars }: { unknown: number | undefined; prefix: string; maxChars: number },
): TokenModel {
  let longest = 0;
  for (const token of ids.keys()) longest = Math.max(longest, token.length);
  return (piece): Tokens => {
    const whole = (): Tokens => ({ ids: [unknown ?? noUnknown(piece)], at: [0, piece.length] });
    if (charsIn(piece, maxChars) > maxChars) return whole();
    const found: number[] = [];
    const at: number[] = [];
    for (let start = 0; start < piece.length;) {
      const before = start === 0 ? '' : prefix;
      let end = Math.min(piece.length, start + longest);
      let id: number | undefined;
      for (; end > start; end -= endsInPair(piece, end) ? 2 : 1) {
        id = ids.get(before + piece.slice(start, end));
        if (id !== undefined) break;
      }
      if (id === undefined) return whole();
      found.push(id);
      at.push(start, end);
      start = end;
    }
    return { ids: found, at };
  };
}

function charsIn(text: string, limit: number): number {
  let count = 0;
  for (let at = 0; at < text.length && count <= limit; at += sizeAt(text, at)) count++;
  return count;
}

function endsInPair(text: string, end: number): boolean {
  const low = text.charCodeAt(end - 1);
  return low >= 0xdc00 && low <= 0xdfff && end > 1;
}
