import { sizeAt } from '../aligned/aligned-text.ts';
import { trieOf } from '../models/piece-trie.ts';
import { agenda } from './agenda.ts';
import type { Cut } from './cut.ts';
import type { ModelProto } from './model-proto.ts';

/**
 * Characters that merge, the pair of the best piece before the others and the leftmost of equals. User-defined pieces stay as they are; a
 * piece that is not used is taken apart again into what it was merged of.
 */
export function cutBpe({ pieces, unknown }: ModelProto): (text: string) => Cut[] {
  const usable = new Map<string, number>();
  pieces.forEach(({ piece, type }, id) => {
    if (type === 1 || type === 4 || type === 5) usable.set(piece, id);
  });
  const ids = new Map(pieces.map(({ piece }, id) => [piece, id]));
  const userDefined = pieces.filter(({ type }) => type === 4).map(({ piece }) => piece);
  const defined = userDefined.length > 0 ? trieOf(userDefined) : undefined;
  return (text) => {
    const froms: number[] = [];
    const tos: number[] = [];
    const frozen: boolean[] = [];
    for (let at = 0; at < text.length; at = tos.at(-1)!) {
      let end = at;
      defined?.(text, at, (found) => (end = found));
      froms.push(at);
      frozen.push(end > at);
      tos.push(end > at ? end : at + sizeAt(text, at));
    }
    const next = Int32Array.from(froms, (_, i) => (i + 1 < froms.length ? i + 1 : -1));
    const previous = Int32Array.from(froms, (_, i) => i - 1);
    const gone = new Uint8Array(froms.length);
    const waiting = agenda();
    const parts = new Map<string, number>();
    const offer = (left: number, right: number): void => {
      if (left < 0 || right < 0 || frozen[left] || frozen[right]) return;
      const piece = text.slice(froms[left], tos[right]);
      const id = usable.get(piece);
      if (id === undefined) return;
      waiting.push({ left, right, size: piece.length, score: pieces[id]!.score });
      if (pieces[id]!.type === 5) parts.set(piece, tos[left]! - froms[left]!);
    };
    for (let i = 1; i < froms.length; i++) offer(i - 1, i);
    for (let top = waiting.pop(); top; top = waiting.pop()) {
      const { left, right, size } = top;
      if (gone[left] || gone[right] || tos[left]! - froms[left]! + tos[right]! - froms[right]! !== size) continue;
      tos[left] = tos[right]!;
      gone[right] = 1;
      next[left] = next[right]!;
      if (next[right]! >= 0) previous[next[right]!] = left;
      offer(previous[left]!, left);
      offer(left, next[left]!);
    }
    const cuts: Cut[] = [];
    const put = (from: number, to: number): void => {
      const piece = text.slice(from, to);
      const id = ids.get(piece) ?? unknown;
      const part = pieces[id]!.type === 5 ? parts.get(piece) : undefined;
      if (part === undefined) {
        cuts.push({ from, to, id });
        return;
      }
      put(from, from + part);
      put(from + part, to);
    };
    for (let i = froms.length > 0 ? 0 : -1; i >= 0; i = next[i]!) put(froms[i]!, tos[i]!);
    return cuts;
  };
}
