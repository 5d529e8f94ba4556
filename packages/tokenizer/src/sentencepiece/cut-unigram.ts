import { sizeAt } from '../aligned/aligned-text.ts';
import { trieOf } from '../models/piece-trie.ts';
import type { Cut } from './cut.ts';
import type { ModelProto } from './model-proto.ts';

/** The pieces of the best path through a text, its scores added up in 32 bits as SentencePiece does. */
export function cutUnigram({ pieces, unknown }: ModelProto): (text: string) => Cut[] {
  const usable = pieces.map((piece, id) => ({ ...piece, id })).filter(({ type }) => type === 1 || type === 4);
  const trie = trieOf(usable.map(({ piece }) => piece));
  const normal = usable.filter(({ type }) => type === 1).map(({ score }) => score);
  const unknownScore = Math.fround(normal.reduce((least, score) => Math.min(least, score), 3.4028234663852886e38) - 10);
  // The least positive number of 32 bits that is not denormal stands where all scores are below it, as it does in the reference.
  const most = normal.reduce((greatest, score) => Math.max(greatest, score), 1.1754943508222875e-38);
  const utf8 = new TextEncoder();
  // A user-defined piece costs next to nothing, whatever its length.
  const scores = Float64Array.from(usable, ({ piece, score, type }) => (type === 4 ? utf8.encode(piece).length * most - 0.1 : score));
  return (text) => {
    const best = new Float32Array(text.length + 1);
    const begins = new Int32Array(text.length + 1).fill(-1);
    const found = new Int32Array(text.length + 1);
    for (let start = 0; start < text.length; start += sizeAt(text, start)) {
      const till = best[start]!;
      const one = start + sizeAt(text, start);
      let covered = false;
      const offer = (end: number, score: number, id: number): void => {
        if (begins[end]! >= 0 && score <= best[end]!) return;
        best[end] = score;
        begins[end] = start;
        found[end] = id;
      };
      trie(text, start, (end, index) => {
        offer(end, scores[index]! + till, usable[index]!.id);
        covered ||= end === one;
      });
      if (!covered) offer(one, Math.fround(unknownScore + till), unknown);
    }
    const path: Cut[] = [];
    for (let end = text.length; end > 0; end = begins[end]!) path.push({ from: begins[end]!, to: end, id: found[end]! });
    return path.reverse();
  };
}
