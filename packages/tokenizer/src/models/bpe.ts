import { sizeAt } from '../aligned/aligned-text.ts';
import { mergeLong, type MergeList, mergeShort, indexMerges, SHORT_WORD } from '../merge-word.ts';
import type { TokenModel } from './model.ts';

export interface BpeOptions {
  readonly unknown: number | undefined;
  /** What every character but the first of a word has in front, and the last one behind. */
  readonly prefix: string;
  readonly suffix: string;
  /** Unknown neighbours are one token. */
  readonly fuseUnknown: boolean;
  /** The tokens of bytes, which stand for characters that have none; −1 where a byte has none either. */
  readonly byteIds: Int32Array | undefined;
  /** A piece that is a token is that token, whatever the merges make of it. */
  readonly wholePieces: boolean;
}

/**
 * Byte-pair encoding over characters: those of the piece as tokens, then merges, the first of the list before the others.
 *
 * Sennrich et al. 2015, https://arxiv.org/abs/1508.07909
 */
export function bpe(ids: ReadonlyMap<string, number>, mergeList: MergeList, options: BpeOptions): TokenModel {
  const { unknown, prefix, suffix, fuseUnknown, byteIds, wholePieces } = options;
  const merges = indexMerges(mergeList);
  const symbolsIn = symbolCounts(mergeList);
  const utf8 = new TextEncoder();
  return (piece) => {
    const whole = wholePieces ? ids.get(piece) : undefined;
    if (whole !== undefined) return { ids: [whole], at: [0, piece.length] };
    const symbols: number[] = [];
    const spans: number[] = [];
    const put = (id: number, from: number, to: number): void => {
      symbols.push(id);
      spans.push(from, to);
    };
    // Unknown characters wait, since the next ones may be as well.
    let waiting: [from: number, to: number] | undefined;
    const flush = (): void => {
      if (waiting !== undefined) put(unknown!, ...waiting);
      waiting = undefined;
    };
    for (let from = 0; from < piece.length;) {
      const to = from + sizeAt(piece, from);
      const char = piece.slice(from, to);
      const id = ids.get((from === 0 ? '' : prefix) + char + (to === piece.length ? suffix : ''));
      const bytes = id === undefined && byteIds !== undefined ? utf8.encode(char) : undefined;
      if (id !== undefined) {
        flush();
        put(id, from, to);
      } else if (bytes?.every((byte) => byteIds![byte]! >= 0)) {
        for (const byte of bytes) put(byteIds![byte]!, from, to);
      } else if (unknown !== undefined) {
        if (!fuseUnknown) flush();
        waiting = [waiting?.[0] ?? from, to];
      }
      from = to;
    }
    flush();
    const word = Int32Array.from(symbols);
    const count = (word.length <= SHORT_WORD ? mergeShort : mergeLong)(word, word.length, merges);
    const found = Array.from(word.subarray(0, count));
    const at: number[] = [];
    let symbol = 0;
    for (const id of found) {
      const first = symbol;
      symbol += symbolsIn.get(id) ?? 1;
      at.push(spans[2 * first]!, spans[2 * symbol - 1]!);
    }
    return { ids: found, at };
  };
}

/** Of how many characters each merged token was made. */
function symbolCounts({ lefts, rights, results }: MergeList): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  results.forEach((id, i) => {
    if (!counts.has(id)) counts.set(id, (counts.get(lefts[i]!) ?? 1) + (counts.get(rights[i]!) ?? 1));
  });
  return counts;
}
