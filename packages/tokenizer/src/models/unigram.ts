import { sizeAt } from '../aligned/aligned-text.ts';
import { noUnknown, type TokenModel } from './model.ts';
import { trieOf } from './piece-trie.ts';

/** What an unknown character costs more than the least likely token. */
const UNKNOWN_PENALTY = 10;

/**
 * The tokens whose log-probabilities add up to the most (Viterbi). Characters that no token covers are unknown, neighbours as one; with
 * `byteIds` they are bytes instead.
 *
 * Kudo 2018, https://arxiv.org/abs/1804.10959
 */
export function unigram(
  vocab: readonly (readonly [string, number])[], { unknown, byteIds }: { unknown: number | undefined; byteIds: Int32Array | undefined },
): TokenModel {
  const ids = new Map(vocab.map(([token], id) => [token, id]));
  const trie = trieOf(vocab.map(([token]) => token));
  const scores = Float64Array.from(vocab, ([, score]) => score);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
  const utf8 = new TextEncoder();

  /** Where the tokens of the best path begin and end, and which are unknown. */
  function bestPath(piece: string): { from: number; to: number; unknown: boolean }[] {
    const size = piece.length;
    const best = new Float64Array(size + 1);
    const begins = new Int32Array(size + 1).fill(-1);
    const isUnknown = new Uint8Array(size + 1);
    for (let start = 0; start < size; start += sizeAt(piece, start)) {
      const till = best[start]!;
      const one = start + sizeAt(piece, start);
      let covered = false;
      const offer = (end: number, score: number, strange: number): void => {
        if (begins[end]! >= 0 && score <= best[end]!) return;
        best[end] = score;
        begins[end] = start;
        isUnknown[end] = strange;
      };
      trie(piece, start, (end, id) => {
        offer(end, scores[id]! + till, id === unknown ? 1 : 0);
        covered ||= end === one;
      });
      if (!covered) offer(one, unknownScore + till, 1);
    }
    const path: { from: number; to: number; unknown: boolean }[] = [];
    for (let end = size; end > 0; end = begins[end]!) path.push({ from: begins[end]!, to: end, unknown: isUnknown[end] === 1 });
    return path.reverse();
  }

  return (piece) => {
    const found: number[] = [];
    const at: number[] = [];
    const path = bestPath(piece);
    for (let i = 0; i < path.length; i++) {
      const { from } = path[i]!;
      // Without a token for what is unknown there is nothing to fuse it by.
      if (path[i]!.unknown && unknown !== undefined) while (path[i + 1]?.unknown) i++;
      const { to } = path[i]!;
      const token = piece.slice(from, to);
      const id = ids.get(token);
      const bytes = id === undefined && byteIds !== undefined ? utf8.encode(token) : undefined;
      if (bytes?.every((byte) => byteIds![byte]! >= 0)) {
        // Bytes cover the whole of what they stand for.
        for (const byte of bytes) {
          found.push(byteIds![byte]!);
          at.push(from, to);
        }
        continue;
      }
      found.push(id ?? unknown ?? noUnknown(token));
      at.push(from, to);
    }
    return { ids: found, at };
  };
}
